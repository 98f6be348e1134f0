import { type Address, addressValue } from "../model/address.ts";
import { cidrRange, mergeRanges, rangeContains } from "../model/cidr.ts";
import type { IpPool } from "../model/ip-pool.ts";
import type { Masquerade } from "../model/ruleset.ts";

/** Packets from a pool that asks for it to outside every pool are masqueraded: pods see each other's own addresses. */
export function masqueradeOf(pools: Iterable<IpPool>): Masquerade {
  const all = [...pools];
  const ranges = (some: readonly IpPool[]) => mergeRanges(some.map(({ cidr }) => cidrRange(cidr)));
  const from = ranges(all.filter(({ natOutgoing }) => natOutgoing));
  return { from, except: from.length === 0 ? [] : ranges(all) };
}

/** Whether the first packet of a connection gets the node's address when it leaves the node. */
export function isMasqueraded(
  { from, except }: Masquerade,
  { source, destination }: { readonly source: Address; readonly destination: Address },
): boolean {
  const [sender, receiver] = [addressValue(source), addressValue(destination)];
  if (!from.some((range) => rangeContains(range, sender))) return false;
  return !except.some((range) => rangeContains(range, receiver));
}
