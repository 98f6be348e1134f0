import * as fc from "fast-check";
import type { Address } from "../../model/address.ts";
import { type Cidr, cidrRange, mergeRanges } from "../../model/cidr.ts";
import { type Attachment, endpointId } from "../../model/endpoint.ts";
import { fingerprint, type InterfaceName, podInterfaceName } from "../../model/fingerprint.ts";
import type { IpPool } from "../../model/ip-pool.ts";
import { SCTP, TCP, UDP } from "../../model/protocol.ts";
import {
  type AddressSet,
  type AddressSetId,
  type EndpointRules,
  type Peers,
  type Program,
  type ProgramId,
  type Ruleset,
  type Service,
  type ServiceSet,
  type ServiceSetId,
  type Stage,
  service,
  type Touched,
} from "../../model/ruleset.ts";
import { unreachable } from "../../model/unreachable.ts";
import { masqueradeOf } from "../../policy/masquerade.ts";

/** A small universe whose rulesets refer to nothing that they lack. Made for tests of drivers. */
export interface Universe {
  readonly members: readonly ReadonlySet<number>[];
  readonly services: readonly ReadonlySet<number>[];
  readonly programs: readonly ProgramPlan[];
  readonly endpoints: readonly (EndpointPlan | undefined)[];
  readonly podRanges: readonly Cidr[];
  readonly pools: readonly IpPool[];
}

interface ProgramPlan {
  readonly anyPort: number | "everyone" | undefined;
  readonly ports: readonly {
    readonly at: number;
    readonly wide: boolean;
    readonly peers: number | "everyone";
  }[];
  readonly services: number | undefined;
}

interface EndpointPlan {
  readonly wired: "byUs" | "byOthers" | "unknown" | "toBridge" | "toOther";
  readonly addresses: number[];
  readonly ingress: number | undefined;
  readonly egress: number | undefined;
}

export type Edit =
  | { readonly kind: "member" | "service"; readonly at: number; readonly which: number }
  | { readonly kind: "program"; readonly at: number; readonly plan: ProgramPlan }
  | { readonly kind: "endpoint"; readonly at: number; readonly plan: EndpointPlan | undefined }
  | { readonly kind: "podRanges"; readonly podRanges: readonly Cidr[] }
  | { readonly kind: "pools"; readonly pools: readonly IpPool[] };

const SETS = 5;
const SERVICE_SETS = 2;
const PROGRAMS = 6;
const ENDPOINTS = 6;
const ADDRESSES = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "fd00::1", "fd00::2"].map((text) => text as Address);
const POD_RANGES = ["10.0.0.0/30", "10.0.0.2/31", "10.0.1.0/24", "fd00::/126", "fd01::/64"] as Cidr[];
const POOLS: readonly IpPool[] = [
  "10.0.0.0/8",
  "10.0.1.0/24",
  "192.168.0.0/16",
  "fd00::/64",
  "fd01::/64",
].flatMap((cidr) => [true, false].map((natOutgoing) => ({ cidr: cidr as Cidr, natOutgoing })));
const PORTS = [
  { protocol: TCP, first: 80 },
  { protocol: TCP, first: 1000 },
  { protocol: UDP, first: 53 },
  { protocol: SCTP, first: 7 },
];

const peers: fc.Arbitrary<number | "everyone"> = fc.oneof(fc.nat(SETS - 1), fc.constant("everyone" as const));
const programPlan: fc.Arbitrary<ProgramPlan> = fc.record({
  anyPort: fc.option(peers, { nil: undefined }),
  ports: fc.uniqueArray(fc.record({ at: fc.nat(PORTS.length - 1), wide: fc.boolean(), peers }), {
    selector: ({ at }) => at,
  }),
  services: fc.option(fc.nat(SERVICE_SETS - 1), { nil: undefined }),
});
const endpointPlan: fc.Arbitrary<EndpointPlan> = fc.record({
  wired: fc.constantFrom("byUs", "byOthers", "unknown", "toBridge", "toOther"),
  addresses: fc.uniqueArray(fc.nat(ADDRESSES.length - 1), { maxLength: 2 }),
  ingress: fc.option(fc.nat(PROGRAMS / 2 - 1), { nil: undefined }),
  egress: fc.option(
    fc.nat(PROGRAMS / 2 - 1).map((at) => at + PROGRAMS / 2),
    { nil: undefined },
  ),
});

export const edits: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({
    kind: fc.constant("member" as const),
    at: fc.nat(SETS - 1),
    which: fc.nat(ADDRESSES.length - 1),
  }),
  fc.record({ kind: fc.constant("service" as const), at: fc.nat(SERVICE_SETS - 1), which: fc.nat(9) }),
  fc.record({ kind: fc.constant("program" as const), at: fc.nat(PROGRAMS - 1), plan: programPlan }),
  fc.record({
    kind: fc.constant("endpoint" as const),
    at: fc.nat(ENDPOINTS - 1),
    plan: fc.option(endpointPlan, { nil: undefined }),
  }),
  fc.record({ kind: fc.constant("podRanges" as const), podRanges: fc.subarray(POD_RANGES) }),
  fc.record({ kind: fc.constant("pools" as const), pools: fc.subarray([...POOLS]) }),
);

export const EMPTY_UNIVERSE: Universe = {
  members: Array.from({ length: SETS }, () => new Set()),
  services: Array.from({ length: SERVICE_SETS }, () => new Set()),
  programs: Array.from({ length: PROGRAMS }, () => ({ anyPort: undefined, ports: [], services: undefined })),
  endpoints: Array.from({ length: ENDPOINTS }, () => undefined),
  podRanges: [],
  pools: [],
};

export function edited(universe: Universe, edit: Edit): Universe {
  switch (edit.kind) {
    case "member":
    case "service": {
      const part = edit.kind === "member" ? "members" : "services";
      const one = universe[part][edit.at] ?? new Set();
      const next = one.symmetricDifference(new Set([edit.which]));
      return { ...universe, [part]: universe[part].with(edit.at, next) };
    }
    case "program":
      return { ...universe, programs: universe.programs.with(edit.at, edit.plan) };
    case "endpoint": {
      // An address is one endpoint's: who claims it last has it.
      const taken = new Set(edit.plan?.addresses);
      const others = universe.endpoints.map((one) =>
        one === undefined
          ? one
          : { ...one, addresses: one.addresses.filter((address) => !taken.has(address)) },
      );
      return { ...universe, endpoints: others.with(edit.at, edit.plan) };
    }
    case "podRanges":
      return { ...universe, podRanges: edit.podRanges };
    case "pools":
      return { ...universe, pools: edit.pools };
    default:
      return unreachable(edit);
  }
}

/** Odd sets hold endpoints, sets above 2 hold blocks: 3 holds both. */
function addressSetOf(universe: Universe, at: number): AddressSet {
  const blocks = ["192.0.2.0/25", "198.51.100.4/32", "2001:db8::/48"].map((cidr) => cidrRange(cidr as Cidr));
  const odd = at % 2 === 1;
  const members = [...(universe.members[at] ?? [])].map(
    (which) => ADDRESSES[which] ?? ("10.9.9.9" as Address),
  );
  return {
    id: fingerprint(`set ${at}`) as AddressSetId,
    title: `set ${at}`,
    addresses: new Set(odd ? members : []),
    hasEndpoints: odd,
    ranges: at > 2 ? mergeRanges(blocks) : at === 2 ? blocks.slice(0, 1) : [],
  };
}

function serviceSetOf(universe: Universe, at: number): ServiceSet {
  const services = [...(universe.services[at] ?? [])].map((which): Service => {
    return service(ADDRESSES[which % ADDRESSES.length] ?? ("10.9.9.9" as Address), TCP, 8000 + which);
  });
  return {
    id: fingerprint(`services ${at}`) as ServiceSetId,
    title: `services ${at}`,
    services: new Set(services),
  };
}

function programOf(universe: Universe, at: number): Program {
  const plan = universe.programs[at] ?? { anyPort: undefined, ports: [], services: undefined };
  const direction = at < PROGRAMS / 2 ? "ingress" : "egress";
  const peersOf = (one: number | "everyone"): Peers =>
    one === "everyone" ? { kind: "everyone" } : { kind: "set", set: addressSetOf(universe, one).id };
  const stage: Stage = {
    verdict: "accept",
    anyPort: plan.anyPort === undefined ? undefined : peersOf(plan.anyPort),
    segments: plan.ports
      .toSorted((a, b) => a.at - b.at)
      .map((one) => {
        const { protocol, first } = PORTS[one.at] ?? { protocol: TCP, first: 1 };
        return { protocol, first, last: one.wide ? first + 9 : first, peers: peersOf(one.peers) };
      }),
    services:
      plan.services === undefined || direction === "ingress"
        ? undefined
        : serviceSetOf(universe, plan.services).id,
  };
  return {
    id: fingerprint(`program ${at}`) as ProgramId,
    direction,
    title: `program ${at}`,
    stages: [stage],
  };
}

const ATTACHMENTS: Readonly<Record<EndpointPlan["wired"], (pod: string) => Attachment>> = {
  byUs: (pod) => ({ kind: "interface", name: podInterfaceName("x", pod) }),
  byOthers: (pod) => ({ kind: "interface", name: `veth-${pod}` as InterfaceName }),
  unknown: () => ({ kind: "address" }),
  toBridge: () => ({ kind: "address", through: "cni0" as InterfaceName }),
  toOther: () => ({ kind: "address", through: "docker0" as InterfaceName }),
};

function endpointOf(plan: EndpointPlan, at: number): EndpointRules {
  const program = (index: number | undefined) =>
    index === undefined ? ("allow" as const) : (fingerprint(`program ${index}`) as ProgramId);
  return {
    id: endpointId("x", `pod-${at}`),
    attachment: ATTACHMENTS[plan.wired](`pod-${at}`),
    addresses: plan.addresses.flatMap((which) => ADDRESSES[which] ?? []),
    ingress: program(plan.ingress),
    egress: program(plan.egress),
  };
}

function byId<Value extends { readonly id: string }>(values: readonly Value[]): Map<Value["id"], Value> {
  return new Map(values.map((value) => [value.id, value]));
}

/** Only what somebody uses, as the compiler does it. */
export function rulesetOf(universe: Universe): Ruleset {
  const endpoints = universe.endpoints.flatMap((plan, at) =>
    plan === undefined ? [] : [endpointOf(plan, at)],
  );
  const used = new Set<string>(endpoints.flatMap(({ ingress, egress }) => [ingress, egress]));
  const programs = universe.programs.map((_, at) => programOf(universe, at)).filter(({ id }) => used.has(id));
  const stages = programs.flatMap((one) => one.stages);
  const peersUsed = stages.flatMap(({ anyPort, segments }) => [anyPort, ...segments.map((one) => one.peers)]);
  const sets = new Set<string>(peersUsed.flatMap((one) => (one?.kind === "set" ? [one.set] : [])));
  const services = new Set<string>(stages.flatMap((stage) => stage.services ?? []));
  return {
    addressSets: byId(
      universe.members.map((_, at) => addressSetOf(universe, at)).filter(({ id }) => sets.has(id)),
    ),
    serviceSets: byId(
      universe.services.map((_, at) => serviceSetOf(universe, at)).filter(({ id }) => services.has(id)),
    ),
    programs: byId(programs),
    endpoints: byId(endpoints),
    podRanges: mergeRanges(universe.podRanges.map(cidrRange)),
    masquerade: masqueradeOf(universe.pools),
  };
}

function differing<Id, Value>(a: ReadonlyMap<Id, Value>, b: ReadonlyMap<Id, Value>): Set<Id> {
  const ids = new Set([...a.keys(), ...b.keys()]);
  return new Set([...ids].filter((id) => !Bun.deepEquals(a.get(id), b.get(id), true)));
}

function changedMembers<Id, Value, Member>(
  a: ReadonlyMap<Id, Value>,
  b: ReadonlyMap<Id, Value>,
  of: (value: Value) => ReadonlySet<Member>,
): Map<Id, ReadonlySet<Member> | "whole"> {
  const change = (before: Value | undefined, after: Value | undefined) =>
    before === undefined || after === undefined ? "whole" : of(before).symmetricDifference(of(after));
  return new Map([...differing(a, b)].map((id) => [id, change(a.get(id), b.get(id))]));
}

/** Exactly where two rulesets differ: a driver that looks elsewhere only finds less to do. */
export function touchedBetween(a: Ruleset, b: Ruleset): Touched {
  return {
    addressSets: changedMembers(a.addressSets, b.addressSets, ({ addresses }) => addresses),
    serviceSets: changedMembers(a.serviceSets, b.serviceSets, ({ services }) => services),
    programs: differing(a.programs, b.programs),
    endpoints: differing(a.endpoints, b.endpoints),
  };
}
