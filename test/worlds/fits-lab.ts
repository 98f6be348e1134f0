import { LAB_PODS, labAddress } from "../oracle/lab.ts";
import type { OracleFlow, OracleParty, PodObject, World } from "../oracle/objects.ts";
import { fullName } from "../oracle/objects.ts";

function isLabPod(pod: PodObject): boolean {
  const id = fullName(pod);
  const local = (pod.spec.nodeName ?? "") === "" && pod.spec.hostNetwork !== true;
  if (!LAB_PODS.includes(id) || !local) return false;
  const addresses = (pod.status?.podIPs ?? []).map(({ ip }) => ip);
  return addresses.join(" ") === `${labAddress(id, 4)} ${labAddress(id, 6)}`;
}

/** Whether the lab's network namespaces are all that the world needs: its pods, with its addresses, on its node. */
export function worldFitsLab(world: World): boolean {
  return world.pods.every(isLabPod);
}

function isInLab(party: OracleParty): boolean {
  return "node" in party || ("pod" in party && LAB_PODS.includes(party.pod));
}

/** Whether the lab can send the packet and see it arrive; worlds must fit too. */
export function flowFitsLab({ from, to, throughService }: OracleFlow): boolean {
  return isInLab(from) && isInLab(to) && !("node" in from && "node" in to) && throughService !== true;
}
