import { type Address, addressValue } from "../model/address.ts";
import { type AddressRange, rangeContains, subtractRanges } from "../model/cidr.ts";
import type { Endpoint } from "../model/endpoint.ts";

/** The ranges that this node's endpoints have their addresses from, without what is known to be somebody else's. */
export interface PodRanges {
  /** Disjoint, sorted. */
  readonly ranges: readonly AddressRange[];
  /** This node has these ranges from now on; `endpoints` are all that there are. */
  assign(ranges: readonly AddressRange[], endpoints: Iterable<Endpoint>): void;
  /** What an endpoint claims, or who owns it, may have changed. */
  changed(endpoint: Endpoint | undefined): void;
}

/**
 * Some address managers give a node's addresses to pods of other nodes. `isElsewhere`: whether the owner of an address is known
 * and not of this node.
 */
export function createPodRanges(isElsewhere: (address: Address) => boolean): PodRanges {
  let assigned: readonly AddressRange[] = [];
  /** Addresses inside that somebody claimed, here or elsewhere: as many as the node has pods. */
  const claimed = new Set<Address>();
  let current: readonly AddressRange[] | undefined = assigned;

  function isInside(address: Address): boolean {
    const value = addressValue(address);
    return assigned.some((range) => rangeContains(range, value));
  }

  function changed(endpoint: Endpoint | undefined): void {
    if (assigned.length === 0 || endpoint === undefined) return;
    for (const address of endpoint.addresses) {
      if (!isInside(address)) continue;
      claimed.add(address);
      current = undefined;
    }
  }

  function withoutStrangers(): readonly AddressRange[] {
    const holes: AddressRange[] = [];
    for (const address of claimed) {
      if (!isElsewhere(address)) continue;
      const { family, value } = addressValue(address);
      holes.push({ family, first: value, last: value });
    }
    return holes.length === 0 ? assigned : subtractRanges(assigned, holes);
  }

  return {
    get ranges() {
      return (current ??= withoutStrangers());
    },
    assign(ranges, endpoints) {
      assigned = ranges;
      claimed.clear();
      current = undefined;
      for (const endpoint of endpoints) changed(endpoint);
    },
    changed,
  };
}
