import type { Cluster } from "./cluster.ts";

export interface PodPlan {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly addresses: readonly string[];
}

async function create(cluster: Cluster, object: unknown): Promise<void> {
  await cluster.kubectl(["create", "--validate=false", "-f", "-"], JSON.stringify(object));
}

export function createNamespace(
  cluster: Cluster,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<void> {
  return create(cluster, { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });
}

export function createNode(cluster: Cluster, name: string, podCidrs: readonly string[]): Promise<void> {
  const spec = { podCIDR: podCidrs[0], podCIDRs: podCidrs };
  return create(cluster, { apiVersion: "v1", kind: "Node", metadata: { name }, spec });
}

/** `spec` as in a manifest. Applied, so that it may be there already. */
export async function applyPolicy(
  cluster: Cluster,
  namespace: string,
  name: string,
  spec: unknown,
): Promise<void> {
  const object = {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { namespace, name },
    spec,
  };
  await cluster.kubectl(["apply", "-f", "-"], JSON.stringify(object));
}

/** Puts a pod's status in place of the one it has, as a kubelet does; kubectl of this age has no --subresource. */
export async function setPodStatus(
  cluster: Cluster,
  namespace: string,
  name: string,
  status: Readonly<Record<string, unknown>>,
): Promise<void> {
  const found = await cluster.kubectl(["get", "pod", "--namespace", namespace, name, "--output", "json"]);
  const pod = { ...(JSON.parse(found) as object), status };
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/status`;
  await cluster.kubectl(["replace", "--raw", path, "-f", "-"], JSON.stringify(pod));
}

/** A running pod: made, and then given its addresses. */
export async function createPod(cluster: Cluster, plan: PodPlan): Promise<void> {
  const { namespace, name, node, labels = {}, addresses } = plan;
  await create(cluster, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { namespace, name, labels },
    spec: { nodeName: node, containers: [{ name: "main", image: "none" }] },
  });
  await setPodStatus(cluster, namespace, name, {
    phase: "Running",
    podIP: addresses[0],
    podIPs: addresses.map((ip) => ({ ip })),
  });
}
