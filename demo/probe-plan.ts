import { type Address, addressFamily, type Family } from "../model/address.ts";
import type { EndpointId } from "../model/endpoint.ts";
import { parseProtocol } from "../model/protocol.ts";
import type { Flow, Party } from "../policy/explain.ts";
import type { OracleFlow, OracleParty } from "../test/oracle/objects.ts";
import type { LabFlow } from "./lab/lab.ts";

/** Who sends and receives in the tables. */
export interface Corner {
  /** As the table names it. */
  readonly name: string;
  /** What a flow calls it in each family. */
  readonly ends: Readonly<Record<Family, string>>;
}

/** One kind of packets that every pair of corners exchanges. */
export interface Traffic {
  readonly protocol: "TCP" | "UDP";
  readonly port: number;
  readonly family: Family;
}

export const TRAFFIC: readonly Traffic[] = ([4, 6] as const).flatMap((family) => [
  { protocol: "TCP", port: 80, family },
  { protocol: "TCP", port: 81, family },
  { protocol: "UDP", port: 80, family },
]);

export const PODS: readonly Corner[] = ["x", "y", "z"].flatMap((namespace) =>
  ["a", "b", "c"].map((name) => {
    const key = `${namespace}/${name}`;
    return { name: key, ends: { 4: key, 6: key } };
  }),
);
/** Hosts beyond the node. */
export const OUTSIDE: readonly Corner[] = [
  { name: ".10", ends: { 4: "203.0.113.10", 6: "2001:db8:113::10" } },
  { name: ".200", ends: { 4: "203.0.113.200", 6: "2001:db8:113::200" } },
];

/** One cell of a table: everything that one corner sends to another. */
export interface Cell {
  readonly from: Corner;
  readonly to: Corner;
  /** In the order of TRAFFIC. */
  readonly flows: readonly LabFlow[];
}

function cell(from: Corner, to: Corner): Cell {
  const flows = TRAFFIC.map((traffic) => ({
    from: from.ends[traffic.family],
    to: to.ends[traffic.family],
    protocol: traffic.protocol,
    port: traffic.port,
    family: traffic.family,
  }));
  return { from, to, flows };
}

/** Between all pods, from the hosts outside to every pod, and from every pod to them. */
export const CELLS: readonly Cell[] = [
  ...PODS.flatMap((from) => [...PODS, ...OUTSIDE].map((to) => cell(from, to))),
  ...OUTSIDE.flatMap((from) => PODS.map((to) => cell(from, to))),
];

function isPod(end: string): boolean {
  return end.includes("/");
}

function explainParty(end: string): Party {
  return isPod(end)
    ? { kind: "endpoint", id: end as EndpointId }
    : { kind: "address", address: end as Address };
}

function oracleParty(end: string): OracleParty {
  return isPod(end) ? { pod: end } : { address: end };
}

/** The flow as `explain` is asked about it. */
export function explainFlow({ from, to, protocol, port, family, claimedSource }: LabFlow): Flow {
  return {
    from: explainParty(from),
    to: explainParty(to),
    protocol: parseProtocol(protocol) ?? 0,
    port,
    family,
    ...(claimedSource !== undefined && { claimedSource: claimedSource as Address }),
  };
}

/** The flow as the oracle is asked about it. */
export function oracleFlow({ from, to, ...rest }: LabFlow): OracleFlow {
  return { from: oracleParty(from), to: oracleParty(to), ...rest };
}

/** Every other pod pretends to be `victim` towards `target`, in every kind of traffic. */
export function forgedFlows(victimAddresses: readonly Address[], victim: string, target: string): LabFlow[] {
  const liars = PODS.filter(({ name }) => name !== victim && name !== target);
  return liars.flatMap(({ name }) =>
    TRAFFIC.flatMap((traffic) => {
      const claimedSource = victimAddresses.find((address) => addressFamily(address) === traffic.family);
      return claimedSource === undefined ? [] : [{ from: name, to: target, ...traffic, claimedSource }];
    }),
  );
}
