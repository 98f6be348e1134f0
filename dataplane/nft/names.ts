import { fingerprint } from "../../model/fingerprint.ts";
import type { Family } from "../../model/address.ts";
import type { AddressSetId, ProgramId, ServiceSetId } from "../../model/ruleset.ts";
import type { Direction } from "../../model/policy.ts";

/** The one table that is ours. */
export const TABLE = "tortie";

/**
 * Base chains keep their names for ever; everything else carries the epoch, so that a new generation is built beside
 * the old one. Every name has a prefix: a name that is an nft keyword loads by JSON but breaks a text reload.
 */
export const HOOK = {
  gate: "hook-gate",
  egress: "hook-egress",
  ingress: "hook-ingress",
  input: "hook-input",
  masquerade: "hook-masquerade",
} as const;

/** Which address of a packet a chain looks at: `from` the source, `to` the destination. */
export type Side = "from" | "to";

/** An object of one epoch. */
export type EpochName = `e${number}-${string}`;

/** The names of one epoch. */
export interface Names {
  readonly epoch: number;
  readonly fixed: (name: string) => EpochName;
  readonly endpoints: (set: AddressSetId, family: Family) => EpochName;
  readonly ranges: (set: AddressSetId, family: Family) => EpochName;
  readonly services: (set: ServiceSetId, family: Family) => EpochName;
  readonly peers: (set: AddressSetId, side: Side) => EpochName;
  readonly program: (program: ProgramId, mirrored: boolean) => EpochName;
  readonly ports: (program: ProgramId, options: PortsNameOptions) => EpochName;
  readonly dispatch: (direction: Direction, key: DispatchKey, mirrored: boolean) => EpochName;
  /** Interfaces together with the source addresses that may come by them. */
  readonly sources: (family: Family) => EpochName;
  /** Of endpoints that only their addresses tell. */
  readonly addresses: (family: Family) => EpochName;
  /** Those of them that may come by any interface, for nobody knows which it is. */
  readonly anywhere: (family: Family) => EpochName;
  /** Interfaces with a policed endpoint whose names do not begin as ours do. */
  readonly foreign: EpochName;
  /** Interfaces that endpoints share. */
  readonly bridges: EpochName;
  /** Ranges of addresses that are masqueraded from, or not to; `id` is made of them. */
  readonly pools: (id: string, family: Family) => EpochName;
  /** Closed ranges of addresses; `id` is made of them. */
  readonly closed: (id: string, family: Family) => EpochName;
}

export type DispatchKey = "interfaces" | "addresses4" | "addresses6";

export interface PortsNameOptions {
  readonly stage: number;
  /** A map of ranges has another type than a map of ports, so it must have another name. */
  readonly ranges: boolean;
  readonly mirrored: boolean;
}

/** Ids are fingerprints already; anything else is made one, so that no id can be too long or break a name. */
function short(id: string): string {
  return /^[0-9a-f]{20}$/.test(id) ? id : fingerprint(id);
}

export function namesOfEpoch(epoch: number): Names {
  const name = (text: string): EpochName => `e${epoch}-${text}`;
  return {
    epoch,
    fixed: name,
    endpoints: (set, family) => name(`endpoints${family}-${short(set)}`),
    ranges: (set, family) => name(`ranges${family}-${short(set)}`),
    services: (set, family) => name(`services${family}-${short(set)}`),
    peers: (set, side) => name(`${side}-${short(set)}`),
    program: (program, mirrored) => name(`${mirrored ? "mirror" : "program"}-${short(program)}`),
    ports: (program, { stage, ranges, mirrored }) =>
      name(`${mirrored ? "mirror-" : ""}${ranges ? "ranges" : "ports"}-${short(program)}-${stage}`),
    dispatch: (direction, key, mirrored) => name(`${mirrored ? "mirror-" : ""}${direction}-${key}`),
    sources: (family) => name(`sources${family}`),
    addresses: (family) => name(`addresses${family}`),
    anywhere: (family) => name(`anywhere${family}`),
    foreign: name("foreign-interfaces"),
    bridges: name("bridges"),
    pools: (id, family) => name(`pools${family}-${short(id)}`),
    closed: (id, family) => name(`closed${family}-${short(id)}`),
  };
}

/** The epoch that a name carries; undefined for base chains and whatever is not ours. */
export function epochOfName(name: string): number | undefined {
  const digits = /^e(\d{1,15})-/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
