import type { NodeFacts } from "../handshake/messages.ts";
import { isMtu } from "../handshake/plugin-configuration.ts";
import { CniError } from "./cni-error.ts";
import type { NetworkConfiguration } from "./netconf.ts";

/** Bytes, of both ends of a pod's link. Throws CniError where the agent tells one that no link can have. */
export function podMtu({ mtu }: NetworkConfiguration, facts: NodeFacts | undefined): number {
  if (mtu !== 0) return mtu;
  const told = facts?.mtu ?? 0;
  if (isMtu(told)) return told;
  throw new CniError(
    "configuration",
    `mtu is 0, so the agent is asked, and says ${told}, which no link can have`,
    "set mtu in the network's configuration, or for the agent, whose log says where it is from",
  );
}
