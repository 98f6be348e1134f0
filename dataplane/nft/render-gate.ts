import { ACCEPT, addressField, COUNTER, DROP, equals, IIFNAME, inSet, jump } from "./expressions.ts";
import type { Statement } from "./batch.ts";
import type { KernelChain, KernelRule } from "./kernel-objects.ts";
import type { Names } from "./names.ts";

/**
 * ICMPv6 types that an endpoint may send to its link: router solicitation, neighbour solicitation and advertisement
 * (RFC 4861), multicast listener query, report, done and version 2 report (RFC 2710, 3810). Never 134 and 137: an
 * endpoint must not play the router.
 */
const NEIGHBOUR_TYPES: readonly number[] = [133, 135, 136, 131, 132, 143];

/** Falls back to its caller for everything else. */
export function neighboursChain(names: Names): KernelChain {
  return {
    name: names.fixed("neighbours"),
    rules: NEIGHBOUR_TYPES.map((type) => ({
      expr: [equals({ payload: { protocol: "icmpv6", field: "type" } }, type), ACCEPT],
    })),
  };
}

/** Accept what comes by the interface that its source address belongs to. */
export function ownedRules(names: Names, where: readonly Statement[]): KernelRule[] {
  return ([4, 6] as const).map((family) => {
    const source = { concat: [IIFNAME, addressField(family, "saddr")] };
    return { expr: [...where, inSet(source, names.sources(family)), ACCEPT] };
  });
}

/**
 * Stops forged sources before conntrack sees them: a forged packet would ride on an established flow. rp_filter cannot
 * do it (the larger of `all` and the interface's wins) and IPv6 has none. Behind `cali*` the hook itself accepts the
 * owned sources, which saves almost every packet the jump; what a foreign interface owns is looked up here.
 */
export function gateChain(
  names: Names,
  { foreignInterfaces }: { readonly foreignInterfaces: boolean },
): KernelChain {
  const owned = foreignInterfaces ? ownedRules(names, []) : [];
  const onLink = [{ prefix: { addr: "fe80::", len: 10 } }, "::"].map((source): KernelRule => {
    return { expr: [equals(addressField(6, "saddr"), source), jump(names.fixed("neighbours"))] };
  });
  const forged: KernelRule = {
    expr: [COUNTER, DROP],
    comment: "the source address is not the interface's own",
  };
  return { name: names.fixed("gate"), rules: [...owned, ...onLink, forged] };
}
