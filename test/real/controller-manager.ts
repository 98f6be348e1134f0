import { join } from "node:path";
import type { Cluster } from "./cluster.ts";
import { program } from "./programs.ts";
import { ServerProcess } from "./server-process.ts";

export interface ControllerManagerOptions {
  /** What nodes have their pod ranges from: a /24 or /64 of each. */
  readonly clusterCidrs: readonly string[];
  readonly args?: readonly string[];
}

/** Nothing that wants to be told of clouds, volumes or certificates. */
const CONTROLLERS = ["nodeipam", "statefulset", "deployment", "replicaset", "namespace", "garbagecollector"];

/** A real kube-controller-manager; it gives nodes their ranges and makes the pods of stateful sets. Close it with `await using`. */
export function startControllerManager(
  cluster: Cluster,
  { clusterCidrs, args = [] }: ControllerManagerOptions,
): AsyncDisposable & { readonly server: ServerProcess } {
  const server = new ServerProcess({
    program: program("kube-controller-manager"),
    args: [
      `--kubeconfig=${cluster.adminKubeconfig}`,
      `--controllers=${CONTROLLERS.join(",")}`,
      "--allocate-node-cidrs=true",
      `--cluster-cidr=${clusterCidrs.join(",")}`,
      "--leader-elect=false",
      "--port=0",
      "--secure-port=0",
      ...args,
    ],
    log: join(cluster.directory, "kube-controller-manager.log"),
    directory: cluster.directory,
    network: cluster.network,
  });
  server.start();
  return { server, [Symbol.asyncDispose]: () => server.kill() };
}
