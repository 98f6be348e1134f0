import type { Family } from "../../model/address.ts";
import type { AddressRange } from "../../model/cidr.ts";
import type { Masquerade } from "../../model/ruleset.ts";
import { addressField, inSet, MASQUERADE, notInSet } from "./expressions.ts";
import {
  elementsByText,
  EMPTY_RENDERING,
  type KernelElement,
  type KernelRule,
  type KernelSet,
  type Rendering,
} from "./kernel-objects.ts";
import { HOOK, type Names } from "./names.ts";
import { printExpression } from "./print-expression.ts";
import { remembered } from "./remembered.ts";
import { rangesText } from "./render-closed.ts";
import { addressType } from "./render-frame-sets.ts";
import { rangeExpression } from "./render-sets.ts";

/** `text`: what it was made of. */
export interface MasqueradeRendering extends Rendering {
  readonly text: string;
}

const FAMILIES: readonly Family[] = [4, 6];
/** NF_IP_PRI_NAT_SRC: behind it no chain sees the packet's own source any more, and none of ours looks there. */
const POSTROUTING = { name: "postrouting", priority: 100, type: "nat" } as const;

export const NOBODY: Masquerade = { from: [], except: [] };

/** In words that people know; equal wishes have equal words. */
export const masqueradeText: (masquerade: Masquerade) => string = remembered(({ from, except }) => {
  const words = (ranges: readonly AddressRange[]) =>
    ranges.map((range) => printExpression(rangeExpression(range))).join(", ");
  return from.length === 0 ? "nobody" : `from ${words(from)} to anywhere but ${words(except)}`;
});

interface Pools {
  readonly sets: Map<string, KernelSet>;
  readonly elements: KernelElement[];
}

/** Other ranges are other sets, so that the rule turns to them at one stroke; equal ranges share one. */
function addPool(names: Names, pools: Pools, ranges: readonly AddressRange[], family: Family): string {
  const name = names.pools(rangesText(ranges), family);
  pools.sets.set(name, { name, type: addressType(family), interval: true, map: false });
  pools.elements.push(...ranges.map((range) => ({ set: name, key: rangeExpression(range) })));
  return name;
}

/**
 * Packets that leave the cluster get the node's address. Conntrack asks once for each connection, and remembers the
 * answer until the connection ends, whatever becomes of the rules.
 */
export function renderMasquerade(names: Names, masquerade: Masquerade): MasqueradeRendering {
  const text = masqueradeText(masquerade);
  const pools: Pools = { sets: new Map(), elements: [] };
  const rules: KernelRule[] = [];
  for (const family of FAMILIES) {
    const ranges = (all: readonly AddressRange[]) => all.filter((range) => range.family === family);
    const from = ranges(masquerade.from);
    if (from.length === 0) continue;
    const source = inSet(addressField(family, "saddr"), addPool(names, pools, from, family));
    const except = addPool(names, pools, ranges(masquerade.except), family);
    rules.push({ expr: [source, notInSet(addressField(family, "daddr"), except), MASQUERADE] });
  }
  if (rules.length === 0) return { ...EMPTY_RENDERING, text };
  return {
    text,
    sets: [...pools.sets.values()],
    chains: [{ name: HOOK.masquerade, hook: POSTROUTING, rules }],
    elements: elementsByText(pools.elements),
  };
}
