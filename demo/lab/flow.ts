import { type Address, addressFamily, type Family, parseAddress } from "../../model/address.ts";
import { hasPorts, ICMP, ICMPV6, parseProtocol, type Protocol, SCTP } from "../../model/protocol.ts";
import { LabError } from "./lab-error.ts";
import { type Place, placeAddress } from "./place.ts";

/** A probe to send: one new flow. */
export interface LabFlow {
  /** `NAMESPACE/POD`, `node`, `outside`, or one address of the node or of the outside. */
  readonly from: string;
  readonly to: string;
  readonly protocol: "TCP" | "UDP" | "SCTP" | "ICMP";
  /** Not for ICMP. */
  readonly port?: number;
  readonly family: Family;
  /** The source address that the packet bears, if it is not the sender's own. */
  readonly claimedSource?: string;
}

/** A flow whose ends were found. */
export interface ResolvedFlow {
  readonly from: Place;
  readonly to: Place;
  readonly source: Address;
  readonly destination: Address;
  readonly protocol: Protocol;
  /** 0 for protocols without ports. */
  readonly port: number;
  readonly forged: boolean;
  /** Made by hand, since the source is a lie or the kernel knows no sockets of the protocol. */
  readonly handMade: boolean;
}

function notThere(end: string): LabError {
  const found = "the lab has no such pod and no such address";
  return new LabError({ tried: `send a packet from or to "${end}"`, found, next: "check the flow" });
}

function resolveEnd(places: ReadonlyMap<string, Place>, end: string, family: Family): [Place, Address] {
  const place = places.get(end);
  if (place !== undefined) return [place, placeAddress(place, family)];
  const address = parseAddress(end);
  if (address === undefined || addressFamily(address) !== family) throw notThere(end);
  for (const candidate of places.values())
    if (candidate.addresses.includes(address)) return [candidate, address];
  throw notThere(end);
}

/** Finds the ends of a flow. Throws LabError for ends and families that the lab lacks. */
export function resolveFlow(places: ReadonlyMap<string, Place>, flow: LabFlow): ResolvedFlow {
  const [to, destination] = resolveEnd(places, flow.to, flow.family);
  const claimed = flow.claimedSource === undefined ? undefined : parseAddress(flow.claimedSource);
  if (claimed === undefined && flow.claimedSource !== undefined) throw notThere(flow.claimedSource);
  const sender = places.get(flow.from);
  const [from, source] =
    claimed !== undefined && sender !== undefined
      ? [sender, claimed]
      : resolveEnd(places, flow.from, flow.family);
  const named = parseProtocol(flow.protocol) ?? ICMP;
  const protocol = named === ICMP && flow.family === 6 ? ICMPV6 : named;
  const forged = claimed !== undefined;
  return {
    from,
    to,
    source,
    destination,
    protocol,
    forged,
    port: hasPorts(protocol) ? (flow.port ?? 0) : 0,
    handMade: forged || protocol === SCTP || protocol === ICMP || protocol === ICMPV6,
  };
}
