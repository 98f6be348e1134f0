import { type Address, formatAddress, parseAddress } from "../../model/address.ts";
import { endpointId } from "../../model/endpoint.ts";
import { ICMP, ICMPV6, parseProtocol, type Protocol } from "../../model/protocol.ts";
import type { Flow, Party } from "../../policy/explain.ts";
import { fullName, namespaceOf } from "../oracle/objects.ts";
import type { OracleFlow, OracleParty, PodObject, World } from "../oracle/objects.ts";
import { claimedAddresses, isFinished, isOnPodNetwork } from "../oracle/pods.ts";

/** Why there is no way to ask `explain` about a flow that the oracle can judge. */
export type Untold =
  | "a finished pod on the host's network is nobody"
  | "a pod on the host's network has no address of the family";

const GRE: Protocol = 47;

/** Throws for a text that is no address: a mistake of the test. */
function mustParseAddress(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`a flow names ${text}, which is no address`);
  return address;
}

function mustFindPod({ pods }: World, name: string): PodObject {
  const pod = pods.find((candidate) => fullName(candidate) === name);
  if (pod === undefined) throw new Error(`a flow names pod ${name}, which does not exist`);
  return pod;
}

function protocolOf({ protocol, family }: OracleFlow): Protocol {
  if (protocol === "ICMP") return family === 4 ? ICMP : ICMPV6;
  const number = protocol === "GRE" ? GRE : parseProtocol(protocol);
  if (number === undefined) throw new Error(`a flow names protocol ${protocol}, which has no number here`);
  return number;
}

function hostOf({ spec }: PodObject): string {
  return spec.nodeName ?? "";
}

/** A pod on the host's network is no endpoint: it is the other end's node, or some address. */
function partyOf(world: World, party: OracleParty, other: OracleParty, family: 4 | 6): Party | Untold {
  if ("node" in party) return { kind: "node", address: mustParseAddress(party.node) };
  if ("address" in party) return { kind: "address", address: mustParseAddress(party.address) };
  const pod = mustFindPod(world, party.pod);
  if (isOnPodNetwork(pod)) {
    return { kind: "endpoint", id: endpointId(namespaceOf(pod.metadata), pod.metadata.name) };
  }
  if (isFinished(pod)) return "a finished pod on the host's network is nobody";
  const claimed = claimedAddresses(pod).find((address) => address.family === family);
  if (claimed === undefined) return "a pod on the host's network has no address of the family";
  const resident = "pod" in other && hostOf(mustFindPod(world, other.pod)) === hostOf(pod);
  return { kind: resident ? "node" : "address", address: formatAddress(claimed) };
}

/** The oracle's flow as `explain` is asked about it, or why it cannot be. */
export function flowOf(world: World, flow: OracleFlow): Flow | Untold {
  const from = partyOf(world, flow.from, flow.to, flow.family);
  const to = partyOf(world, flow.to, flow.from, flow.family);
  if (typeof from === "string") return from;
  if (typeof to === "string") return to;
  return {
    from,
    to,
    protocol: protocolOf(flow),
    port: flow.port,
    family: flow.family,
    ...(flow.claimedSource !== undefined && { claimedSource: mustParseAddress(flow.claimedSource) }),
    ...(flow.throughService !== undefined && { throughService: flow.throughService }),
  };
}
