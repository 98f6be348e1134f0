import type { Address } from "../../model/address.ts";
import { type Cidr, cidrRange, mergeRanges, subtractRanges } from "../../model/cidr.ts";
import { type Attachment, type EndpointId, endpointId } from "../../model/endpoint.ts";
import { fingerprint, type InterfaceName, podInterfaceName } from "../../model/fingerprint.ts";
import type { Direction } from "../../model/policy.ts";
import { type Protocol, TCP } from "../../model/protocol.ts";
import {
  type AddressSet,
  type AddressSetId,
  type EndpointRules,
  type Peers,
  type PortSegment,
  type Program,
  type ProgramId,
  type Ruleset,
  type Service,
  type ServiceSet,
  type ServiceSetId,
  service,
} from "../../model/ruleset.ts";
import { masqueradeOf } from "../../policy/masquerade.ts";

export const EVERYONE: Peers = { kind: "everyone" };

export interface SetOptions {
  readonly title: string;
  readonly pods?: readonly string[];
  readonly blocks?: readonly string[];
  readonly except?: readonly string[];
}

/** Its id comes from the title. */
export function addressSet({ title, pods, blocks = [], except = [] }: SetOptions): AddressSet {
  const ranges = (cidrs: readonly string[]) => cidrs.map((cidr) => cidrRange(cidr as Cidr));
  return {
    id: fingerprint(title) as AddressSetId,
    title,
    addresses: new Set(pods as readonly Address[] | undefined),
    hasEndpoints: pods !== undefined,
    ranges: mergeRanges(subtractRanges(ranges(blocks), ranges(except))),
  };
}

export function serviceSet(title: string, services: readonly (readonly [string, number])[]): ServiceSet {
  return {
    id: fingerprint(title) as ServiceSetId,
    title,
    services: new Set(services.map(([address, port]): Service => service(address as Address, TCP, port))),
  };
}

export function from(set: AddressSet): Peers {
  return { kind: "set", set: set.id };
}

export function ports(first: number, peers: Peers, options: { last?: number; protocol?: Protocol } = {}): PortSegment {
  return { protocol: options.protocol ?? TCP, first, last: options.last ?? first, peers };
}

export interface ProgramSpec {
  readonly anyPort?: Peers;
  readonly segments?: readonly PortSegment[];
  readonly services?: ServiceSet;
}

/** Its id comes from direction and title. */
export function program(direction: Direction, title: string, spec: ProgramSpec = {}): Program {
  const { anyPort, segments = [], services } = spec;
  return {
    id: fingerprint(`${direction} ${title}`) as ProgramId,
    direction,
    title,
    stages: [{ verdict: "accept", anyPort, segments, services: services?.id }],
  };
}

export interface PodOptions {
  readonly ingress?: Program;
  readonly egress?: Program;
  readonly attachment?: Attachment;
}

/** The attachment of a pod that another CNI wired. */
export function onInterface(name: string): Attachment {
  return { kind: "interface", name: name as InterfaceName };
}

export const BY_ADDRESS: Attachment = { kind: "address" };

/** The attachment of a pod that shares a bridge whose name is known. */
export function throughBridge(name: string): Attachment {
  return { kind: "address", through: name as InterfaceName };
}

/** `NAMESPACE/POD`, on its Calico interface unless said otherwise. */
export function pod(id: string, addresses: readonly string[], options: PodOptions = {}): EndpointRules {
  const [namespace = "", name = ""] = id.split("/");
  return {
    id: endpointId(namespace, name),
    attachment: options.attachment ?? { kind: "interface", name: podInterfaceName(namespace, name) },
    addresses: addresses as readonly Address[],
    ingress: options.ingress?.id ?? "allow",
    egress: options.egress?.id ?? "allow",
  };
}

export interface RulesetParts {
  readonly endpoints?: readonly EndpointRules[];
  readonly programs?: readonly Program[];
  readonly addressSets?: readonly AddressSet[];
  readonly serviceSets?: readonly ServiceSet[];
  readonly podRanges?: readonly string[];
  /** Blocks, and whether packets from there are masqueraded. */
  readonly pools?: Readonly<Record<string, boolean>>;
}

function byId<Id, Value extends { readonly id: Id }>(values: readonly Value[] = []): Map<Id, Value> {
  return new Map(values.map((value) => [value.id, value]));
}

export function ruleset(parts: RulesetParts): Ruleset {
  const pools = Object.entries(parts.pools ?? {}).map(([cidr, natOutgoing]) => ({ cidr: cidr as Cidr, natOutgoing }));
  return {
    addressSets: byId(parts.addressSets),
    serviceSets: byId(parts.serviceSets),
    programs: byId(parts.programs),
    endpoints: byId<EndpointId, EndpointRules>(parts.endpoints),
    podRanges: mergeRanges((parts.podRanges ?? []).map((cidr) => cidrRange(cidr as Cidr))),
    masquerade: masqueradeOf(pools),
  };
}
