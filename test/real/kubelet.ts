import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Cluster } from "./cluster.ts";
import type { Containerd } from "./containerd.ts";
import type { Machine } from "./machine.ts";
import { program } from "./programs.ts";
import type { ServerProcess } from "./server-process.ts";

const STATIC_PODS = "/etc/kubernetes/manifests";
const CONFIGURATION = "/etc/kubernetes/kubelet.json";

export interface KubeletOptions {
  readonly node: string;
  /** An address of the machine that is not 127.0.0.1 or ::1: the node's InternalIP. Default: 192.0.2.1, put on `lo`. */
  readonly address?: string;
  /** Beside those that it needs here, for example feature gates. */
  readonly args?: readonly string[];
}

/** A real kubelet. What it starts ends with the machine. */
export interface Kubelet {
  readonly node: string;
  readonly server: ServerProcess;
  /** Gives it a pod of its own, as a manifest on the node; a second time with the name: another one in its place. */
  putStaticPod(name: string, pod: unknown): void;
  removeStaticPod(name: string): void;
}

/** Everything that asks for the time has it short; what asks for rights that not every root has, or for cgroups, is off. */
function configuration(): unknown {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: "AlwaysAllow" },
    cgroupsPerQOS: false,
    enforceNodeAllocatable: [],
    failSwapOn: false,
    oomScoreAdj: 0,
    makeIPTablesUtilChains: false,
    // Whatever little room the real machine has left.
    evictionHard: { "memory.available": "0%" },
    imageGCHighThresholdPercent: 100,
    staticPodPath: STATIC_PODS,
    syncFrequency: "1s",
    fileCheckFrequency: "1s",
    nodeStatusUpdateFrequency: "1s",
    registryPullQPS: 0,
    eventRecordQPS: 0,
    kubeAPIQPS: 1000,
    kubeAPIBurst: 1000,
    readOnlyPort: 0,
    healthzPort: 0,
    volumePluginDir: "/var/lib/kubelet/volume-plugins",
  };
}

/**
 * Starts it beside the runtime; whether its node is ready is asked of the cluster, which must be in the machine's
 * network. After a pod's sandbox could not be made it waits 10 to 15 seconds before it tries again.
 */
export async function startKubelet(
  machine: Machine,
  containerd: Containerd,
  cluster: Cluster,
  options: KubeletOptions,
): Promise<Kubelet> {
  const { node, address = "192.0.2.1", args = [] } = options;
  const staticPods = join(machine.root, STATIC_PODS);
  mkdirSync(staticPods, { recursive: true });
  writeFileSync(join(machine.root, CONFIGURATION), JSON.stringify(configuration()));
  if (options.address === undefined)
    await machine.run(["ip", "address", "replace", `${address}/32`, "dev", "lo"]);
  const server = machine.server("kubelet", [
    program("kubelet"),
    `--config=${CONFIGURATION}`,
    `--kubeconfig=${cluster.adminKubeconfig}`,
    `--hostname-override=${node}`,
    `--node-ip=${address}`,
    "--container-runtime=remote",
    `--container-runtime-endpoint=${containerd.address}`,
    "--resolv-conf=",
    "--v=2",
    ...args,
  ]);
  server.start();
  return {
    node,
    server,
    putStaticPod: (name, pod) => writeFileSync(join(staticPods, `${name}.json`), JSON.stringify(pod)),
    removeStaticPod: (name) => rmSync(join(staticPods, `${name}.json`)),
  };
}
