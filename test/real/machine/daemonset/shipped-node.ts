import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Cluster, startCluster } from "../../cluster.ts";
import { type Containerd, startContainerd } from "../../containerd.ts";
import { startControllerManager } from "../../controller-manager.ts";
import { startKubelet } from "../../kubelet.ts";
import { type Machine, startMachine } from "../../machine.ts";
import { read, readUntil } from "../../pods.ts";
import { startBinder } from "./binder.ts";
import { importTortie } from "./node-image.ts";

const MANIFESTS = new URL("../../../../deploy/manifests/", import.meta.url).pathname;

export const NODE = "node-1";
/** What the real machine has of it shines through. */
const OWN_DIRECTORIES = ["/etc/cni", "/opt/cni", "/var/lib/cni", "/var/lib/calico"];
/** Beside those of every cluster of the tests: what makes the pods of a DaemonSet, and what they are given. */
const CONTROLLERS = ["daemonset", "serviceaccount", "root-ca-cert-publisher"];

/** A node of a cluster with the newest API server, where tortie's image is, and nothing of tortie's was applied yet. */
export interface ShippedNode extends AsyncDisposable {
  readonly machine: Machine;
  readonly cluster: Cluster;
  readonly containerd: Containerd;
  /** Applies one of deploy/manifests, as it is. */
  apply(manifest: string): Promise<void>;
  remove(manifest: string): Promise<void>;
  /** Of the machine, as the test sees it. */
  path(name: string): string;
}

async function start(building: AsyncDisposableStack): Promise<Omit<ShippedNode, keyof AsyncDisposable>> {
  const machine = building.use(await startMachine());
  await machine.run(["rm", "-rf", ...OWN_DIRECTORIES]);
  // As every node of a cluster has it; kubeadm asks for it.
  await machine.run(["sysctl", "-q", "-w", "net.ipv4.ip_forward=1"]);
  const { network } = machine;
  const [cluster, containerd] = await Promise.all([
    startCluster({ network, newest: true, serviceAccounts: true }),
    startContainerd(machine),
  ]);
  building.use(cluster);
  building.use(
    startControllerManager(cluster, {
      clusterCidrs: ["10.244.0.0/16"],
      args: [`--controllers=${CONTROLLERS.join(",")}`, `--root-ca-file=${cluster.identities.caFile}`],
    }),
  );
  await importTortie(containerd);
  await startKubelet(machine, containerd, cluster, { node: NODE });
  await readUntil(
    () => read(cluster, "node", NODE, "{.spec.podCIDR}"),
    (range) => range !== "",
  );
  building.use(startBinder(cluster, NODE));
  // There is no kube-proxy here: the Service `kubernetes` leads nowhere. As the manifest says.
  const server = [
    "--from-literal=KUBERNETES_SERVICE_HOST=127.0.0.1",
    `--from-literal=KUBERNETES_SERVICE_PORT=${cluster.port}`,
  ];
  const map = ["create", "configmap", "kubernetes-services-endpoint", "--namespace=kube-system"];
  await cluster.kubectl([...map, ...server]);
  const kubectl = async (verb: string, manifest: string): Promise<void> => {
    await cluster.kubectl([verb, "-f", "-"], readFileSync(join(MANIFESTS, manifest), "utf8"));
  };
  return {
    machine,
    cluster,
    containerd,
    apply: (manifest) => kubectl("apply", manifest),
    remove: (manifest) => kubectl("delete", manifest),
    path: (name) => join(machine.root, name),
  };
}

/** Close it with `await using`, or in afterAll. */
export async function startShippedNode(): Promise<ShippedNode> {
  await using building = new AsyncDisposableStack();
  const node = await start(building);
  const resources = building.move();
  return { ...node, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}
