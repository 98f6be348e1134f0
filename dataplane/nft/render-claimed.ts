import type { Family } from "../../model/address.ts";
import { ACCEPT, addressField, COUNTER, DROP, equals, IIFNAME, inSet } from "./expressions.ts";
import { closedHook } from "./closed-hook.ts";
import type { KernelChain, KernelRule } from "./kernel-objects.ts";
import type { Names } from "./names.ts";

const FAMILIES: readonly Family[] = [4, 6];
const LOOPBACK = "lo";

export const FROM_THE_NODE: KernelRule = {
  expr: [equals(IIFNAME, LOOPBACK), ACCEPT],
  comment: "from the node to itself",
};

/**
 * Judges who claims the address of an endpoint that only its addresses tell: its rights are bound to the address alone,
 * so it must come by the interface that the endpoint shares; by any, as long as nobody knows which that is.
 */
export function claimedChain(names: Names): KernelChain {
  const shared = FAMILIES.map((family): KernelRule => {
    const source = { concat: [IIFNAME, addressField(family, "saddr")] };
    return { expr: [inSet(source, names.sources(family)), ACCEPT] };
  });
  const anywhere = FAMILIES.map((family): KernelRule => {
    return { expr: [inSet(addressField(family, "saddr"), names.anywhere(family)), ACCEPT] };
  });
  const forged: KernelRule = {
    expr: [COUNTER, DROP],
    comment: "the source address is that of an endpoint behind another interface",
  };
  return { name: names.fixed("claimed"), rules: [FROM_THE_NODE, ...shared, ...anywhere, forged] };
}

/** For the gate: what comes from an address that tells an endpoint, wherever it lies. */
export function claimedSources(names: Names): KernelRule[] {
  return FAMILIES.flatMap((family) => {
    const known = inSet(addressField(family, "saddr"), names.addresses(family));
    return closedHook([known], names.fixed("claimed"));
  });
}
