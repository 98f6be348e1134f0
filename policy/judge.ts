import { type Address, addressValue } from "../model/address.ts";
import { rangeContains } from "../model/cidr.ts";
import { hasPorts, type Protocol } from "../model/protocol.ts";
import {
  type AddressSetId,
  type Peers,
  type PortSegment,
  type ProgramId,
  type Ruleset,
  service,
  type Stage,
} from "../model/ruleset.ts";

/** What a program looks at: the far end's address, and the destination port wherever that is. */
export interface Packet {
  /** Undefined: unknown, so it is in no set. */
  readonly remote: Address | undefined;
  readonly protocol: Protocol;
  readonly port: number | undefined;
}

function required<Id, Value>(map: ReadonlyMap<Id, Value>, id: Id, what: string): Value {
  const value = map.get(id);
  if (value === undefined) throw new Error(`the ruleset names ${what} ${String(id)} and does not hold it`);
  return value;
}

function inSet(ruleset: Ruleset, id: AddressSetId, remote: Address): boolean {
  const { addresses, ranges } = required(ruleset.addressSets, id, "address set");
  if (addresses.has(remote)) return true;
  const value = addressValue(remote);
  return ranges.some((range) => rangeContains(range, value));
}

function matchesPeers(ruleset: Ruleset, peers: Peers, { remote }: Packet): boolean {
  return peers.kind === "everyone" || (remote !== undefined && inSet(ruleset, peers.set, remote));
}

function coversPort({ protocol, first, last }: PortSegment, packet: Packet): boolean {
  if (protocol !== packet.protocol) return false;
  if (!hasPorts(protocol)) return first === 0 && last === 65535;
  return packet.port !== undefined && first <= packet.port && packet.port <= last;
}

function matchesStage(ruleset: Ruleset, stage: Stage, packet: Packet): boolean {
  if (stage.anyPort !== undefined && matchesPeers(ruleset, stage.anyPort, packet)) return true;
  const segment = stage.segments.find((one) => coversPort(one, packet));
  if (segment !== undefined && matchesPeers(ruleset, segment.peers, packet)) return true;
  const { remote, protocol, port } = packet;
  if (stage.services === undefined || remote === undefined || port === undefined) return false;
  const { services } = required(ruleset.serviceSets, stage.services, "service set");
  return services.has(service(remote, protocol, port));
}

/** What a driver that carries out the ruleset does with the packet: true accepts, false drops. */
export function judge(ruleset: Ruleset, program: ProgramId | "allow", packet: Packet): boolean {
  if (program === "allow") return true;
  const { stages } = required(ruleset.programs, program, "program");
  return stages.some((stage) => matchesStage(ruleset, stage, packet));
}
