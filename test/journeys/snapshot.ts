import type { Address } from "../../model/address.ts";
import type { Ruleset, Service, Touched } from "../../model/ruleset.ts";

/** A ruleset in plain sorted objects: equal contents are equal values, and nothing changes them later. */
export interface Snapshot {
  readonly addressSets: Readonly<
    Record<string, { readonly elements: readonly Address[]; readonly rest: string }>
  >;
  readonly serviceSets: Readonly<
    Record<string, { readonly elements: readonly Service[]; readonly rest: string }>
  >;
  readonly programs: Readonly<Record<string, string>>;
  readonly endpoints: Readonly<Record<string, string>>;
  readonly podRanges: string;
  readonly masquerade: string;
}

function plain(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? `${inner}n` : inner));
}

function sorted<From, To>(map: ReadonlyMap<string, From>, read: (value: From) => To): Record<string, To> {
  const keys = [...map.keys()].toSorted();
  return Object.fromEntries(keys.map((key) => [key, read(map.get(key)!)]));
}

export function snapshot(ruleset: Ruleset): Snapshot {
  const { addressSets, serviceSets, programs, endpoints, podRanges, masquerade } = ruleset;
  return {
    addressSets: sorted(addressSets, ({ addresses, ...rest }) => {
      return { elements: [...addresses].toSorted(), rest: plain(rest) };
    }),
    serviceSets: sorted(serviceSets, ({ services, ...rest }) => {
      return { elements: [...services].toSorted(), rest: plain(rest) };
    }),
    programs: sorted(programs, plain),
    endpoints: sorted(endpoints, plain),
    podRanges: plain(podRanges),
    masquerade: plain(masquerade),
  };
}

type Sets = Readonly<Record<string, { readonly elements: readonly string[] }>>;

function changedValues(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): string[] {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].filter((key) => a[key] !== b[key]).toSorted();
}

function changedSets(a: Sets, b: Sets): Record<string, readonly string[] | "whole"> {
  const changed: Record<string, readonly string[] | "whole"> = {};
  for (const id of [...new Set([...Object.keys(a), ...Object.keys(b)])].toSorted()) {
    const [before, after] = [a[id], b[id]];
    const elements = new Set(before?.elements).symmetricDifference(new Set(after?.elements));
    const cameOrWent = (before === undefined) !== (after === undefined);
    if (cameOrWent) changed[id] = "whole";
    else if (elements.size > 0) changed[id] = [...elements].toSorted();
  }
  return changed;
}

/** What differs, told as `Touched` tells it, in plain sorted objects. */
export interface Difference {
  readonly addressSets: Readonly<Record<string, readonly string[] | "whole">>;
  readonly serviceSets: Readonly<Record<string, readonly string[] | "whole">>;
  readonly programs: readonly string[];
  readonly endpoints: readonly string[];
}

type ToldSets = Difference["addressSets"];

function toldSets(told: ToldSets, a: Sets, b: Sets): ToldSets {
  const differs = changedSets(a, b);
  return Object.fromEntries(
    Object.entries(told).flatMap(([id, elements]): [string, ToldSets[string]][] => {
      const cameAgain = elements === "whole" && a[id] !== undefined && b[id] !== undefined;
      if (!cameAgain) return [[id, elements]];
      return differs[id] === undefined ? [] : [[id, differs[id]]];
    }),
  );
}

/** Sets that went and came again are told as a whole: here by what differs in them. */
export function withoutCameAgain(told: Difference, a: Snapshot, b: Snapshot): Difference {
  return {
    ...told,
    addressSets: toldSets(told.addressSets, a.addressSets, b.addressSets),
    serviceSets: toldSets(told.serviceSets, a.serviceSets, b.serviceSets),
  };
}

export function difference(a: Snapshot, b: Snapshot): Difference {
  return {
    addressSets: changedSets(a.addressSets, b.addressSets),
    serviceSets: changedSets(a.serviceSets, b.serviceSets),
    programs: changedValues(a.programs, b.programs),
    endpoints: changedValues(a.endpoints, b.endpoints),
  };
}

function list(elements: Iterable<string>): string[] {
  return [...elements].toSorted();
}

function membersOf(members: ReadonlySet<string> | "whole"): string[] | "whole" {
  return members === "whole" ? members : list(members);
}

export function touchedAsDifference(touched: Touched): Difference {
  return {
    addressSets: sorted(touched.addressSets, membersOf),
    serviceSets: sorted(touched.serviceSets, membersOf),
    programs: list(touched.programs),
    endpoints: list(touched.endpoints),
  };
}
