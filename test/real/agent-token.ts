import type { Cluster } from "./cluster.ts";

/**
 * A token of the agent's account as a kubelet gets it for an agent's pod: bound to that pod, which is made here, and so to the
 * pod's node.
 */
export async function agentToken(cluster: Cluster, node: string): Promise<string> {
  const name = `tortie-${node}`;
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { namespace: "kube-system", name },
    spec: { nodeName: node, serviceAccountName: "tortie", containers: [{ name: "tortie", image: "none" }] },
  };
  await cluster.kubectl(["create", "--filename=-"], JSON.stringify(pod));
  return cluster.serviceAccountToken("kube-system", "tortie", name);
}
