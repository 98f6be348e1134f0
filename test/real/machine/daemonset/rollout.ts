import { askHealth } from "../../../agent/running-agent.ts";
import type { ShippedNode } from "./shipped-node.ts";

/** The names of the pods of a DaemonSet, with spaces between them. */
export function podsOf({ cluster }: ShippedNode, daemonSet: string): Promise<string> {
  const words = ["get", "pods", "--namespace=kube-system", `--selector=k8s-app=${daemonSet}`];
  return cluster.kubectl([...words, "--output", "jsonpath={.items[*].metadata.name}"]);
}

/** Waits until each of its pods is ready, and gives the name of the only one. Throws with its logs. */
export async function rolledOut(node: ShippedNode, daemonSet: string): Promise<string> {
  const words = ["rollout", "status", `daemonset/${daemonSet}`, "--namespace=kube-system", "--timeout=40s"];
  await node.cluster.kubectl(words).catch(async (error: unknown) => {
    const logs = ["logs", "--namespace=kube-system", `daemonset/${daemonSet}`, "--all-containers"];
    const said = await node.cluster.kubectl(logs).catch(String);
    const seen = ["get", "daemonsets,pods", "--namespace=kube-system", "--output=yaml"];
    const objects = await node.cluster.kubectl(seen).catch(String);
    const health = await askHealth(node.machine.network, "/readiness");
    throw new Error(`${String(error)}\n${said}\n${health?.body}\n${objects}`);
  });
  return podsOf(node, daemonSet);
}
