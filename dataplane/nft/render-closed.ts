import type { Family } from "../../model/address.ts";
import type { AddressRange } from "../../model/cidr.ts";
import type { Expression } from "./batch.ts";
import { ACCEPT, addressField, COUNTER, DROP, equals, inSet } from "./expressions.ts";
import type { KernelChain, KernelElement, KernelRule, KernelSet } from "./kernel-objects.ts";
import type { Names } from "./names.ts";
import { FROM_THE_NODE } from "./render-claimed.ts";
import { addressType } from "./render-frame-sets.ts";
import { remembered } from "./remembered.ts";
import { rangeExpression } from "./render-sets.ts";

const FAMILIES: readonly Family[] = [4, 6];
const MULTICAST: Readonly<Record<Family, Expression>> = {
  4: { prefix: { addr: "224.0.0.0", len: 4 } },
  6: { prefix: { addr: "ff00::", len: 8 } },
};

/**
 * The ranges in words, which the names of their sets are made of: other ranges are other sets, made beside the old, so
 * that the rules turn from one to the other at one stroke.
 */
export const rangesText: (ranges: readonly AddressRange[]) => string = remembered((ranges) =>
  ranges.map(({ family, first, last }) => `${family} ${first}-${last}`).join(", "),
);

/** The families that have a closed range at all. */
function closedFamilies(ranges: readonly AddressRange[]): Family[] {
  return FAMILIES.filter((family) => ranges.some((range) => range.family === family));
}

export function closedSets(names: Names, ranges: readonly AddressRange[]): KernelSet[] {
  return closedFamilies(ranges).map((family) => ({
    name: names.closed(rangesText(ranges), family),
    type: addressType(family),
    interval: true,
    map: false,
  }));
}

export function closedElements(names: Names, ranges: readonly AddressRange[]): KernelElement[] {
  const id = rangesText(ranges);
  return ranges.map((range) => ({ set: names.closed(id, range.family), key: rangeExpression(range) }));
}

/** For each family that has closed ranges: whether that address of the packet lies in them. */
export function closedMatches(
  names: Names,
  ranges: readonly AddressRange[],
  field: "saddr" | "daddr",
): KernelRule["expr"][] {
  return closedFamilies(ranges).map((family) => [
    inSet(addressField(family, field), names.closed(rangesText(ranges), family)),
  ]);
}

export const UNOWNED_SOURCE = "no endpoint of this node owns the source address there";
export const UNOWNED_DESTINATION = "no endpoint of this node owns the destination address there";

/**
 * Judges sources in the closed ranges that neither came from a policed interface nor tell an endpoint: the address of
 * an endpoint with an interface of its own has no business elsewhere, for nothing else would police it there.
 */
export function unownedChain(names: Names): KernelChain {
  const rules: KernelRule[] = [FROM_THE_NODE];
  for (const family of FAMILIES) {
    rules.push({
      expr: [equals(addressField(family, "daddr"), MULTICAST[family]), ACCEPT],
      comment: "the node hears what it sends to a group itself",
    });
  }
  rules.push({ expr: [COUNTER, DROP], comment: UNOWNED_SOURCE });
  return { name: names.fixed("unowned"), rules };
}
