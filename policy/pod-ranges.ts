import { type Address, addressValue } from "../model/address.ts";
import { type AddressRange, rangeContains, subtractRanges } from "../model/cidr.ts";
import type { Endpoint } from "../model/endpoint.ts";
import type { Pace } from "./pace.ts";

/** The ranges that this node's endpoints have their addresses from, without what is known to be somebody else's. */
export interface PodRanges {
  /** Disjoint, sorted. The same list as long as nothing changes. */
  readonly ranges: readonly AddressRange[];
  /** This node has these ranges from now on, sorted; `endpoints` are all that there are. The ranges that it has cost nothing. */
  assign(ranges: readonly AddressRange[], endpoints: Iterable<Endpoint>): Generator<void>;
  /** What an endpoint claims, or who owns it, may have changed. */
  changed(endpoint: Endpoint | undefined): void;
}

export interface PodRangesOptions {
  /** Whether the owner of an address is known and not of this node: some address managers give a node's addresses to others' pods. */
  readonly isElsewhere: (address: Address) => boolean;
  readonly pace: Pace;
}

function sameRanges(a: readonly AddressRange[], b: readonly AddressRange[]): boolean {
  if (a.length !== b.length) return false;
  return a.every(({ family, first, last }, at) => {
    const other = b[at];
    return other?.family === family && other.first === first && other.last === last;
  });
}

export function createPodRanges({ isElsewhere, pace }: PodRangesOptions): PodRanges {
  let assigned: readonly AddressRange[] = [];
  /** Addresses inside that are others'. */
  const strangers = new Set<Address>();
  let current: readonly AddressRange[] | undefined = assigned;

  function changed(endpoint: Endpoint | undefined): void {
    if (assigned.length === 0 || endpoint === undefined) return;
    for (const address of endpoint.addresses) {
      const value = addressValue(address);
      if (!assigned.some((range) => rangeContains(range, value))) continue;
      const elsewhere = isElsewhere(address);
      if (elsewhere === strangers.has(address)) continue;
      if (elsewhere) strangers.add(address);
      else strangers.delete(address);
      current = undefined;
    }
  }

  function withoutStrangers(): readonly AddressRange[] {
    if (strangers.size === 0) return assigned;
    const holes = Array.from(strangers, (address): AddressRange => {
      const { family, value } = addressValue(address);
      return { family, first: value, last: value };
    });
    return subtractRanges(assigned, holes);
  }

  return {
    get ranges() {
      return (current ??= withoutStrangers());
    },
    *assign(ranges, endpoints) {
      if (sameRanges(ranges, assigned)) return;
      assigned = ranges;
      strangers.clear();
      current = undefined;
      for (const endpoint of endpoints) {
        changed(endpoint);
        if (pace()) yield;
      }
    },
    changed,
  };
}
