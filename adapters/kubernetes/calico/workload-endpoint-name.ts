/** The one interface of a pod that Calico knows. */
export const ENDPOINT = "eth0";
export const ORCHESTRATOR = "k8s";

function doubled(part: string): string {
  return part.replaceAll("-", "--");
}

/** The name of a pod's v3 endpoint: `NODE-k8s-POD-eth0`, each `-` inside a part doubled. */
export function workloadEndpointName(node: string, pod: string): string {
  return [doubled(node), ORCHESTRATOR, doubled(pod), ENDPOINT].join("-");
}

/** What a v3 name stands for; undefined if it is no pod's. No part begins or ends with a dash, so dashes read in pairs. */
export function parseWorkloadEndpointName(name: string): { node: string; pod: string } | undefined {
  const parts = name.replaceAll("--", "\0").split("-");
  const [node = "", orchestrator, pod = "", endpoint] = parts.map((part) => part.replaceAll("\0", "-"));
  const whole = parts.length === 4 && orchestrator === ORCHESTRATOR && endpoint === ENDPOINT;
  return whole && node !== "" && pod !== "" ? { node, pod } : undefined;
}
