import type { Family } from "../../model/address.ts";
import type { SetType } from "./batch.ts";
import type { KernelSet } from "./kernel-objects.ts";
import type { DispatchKey, Names } from "./names.ts";

export function addressType(family: Family): SetType {
  return family === 4 ? "ipv4_addr" : "ipv6_addr";
}

const DISPATCH_KEYS: readonly DispatchKey[] = ["interfaces", "addresses4", "addresses6"];

/** The sets and maps that endpoints put their elements into. Always all of them: an endpoint may come at any time. */
export function frameSets(
  names: Names,
  options: { readonly mirrored: boolean; readonly foreignInterfaces: boolean },
): KernelSet[] {
  const sets: KernelSet[] = [];
  if (options.foreignInterfaces) {
    sets.push({ name: names.foreign, type: "ifname", interval: false, map: false });
  }
  for (const family of [4, 6] as const) {
    const type = ["ifname", addressType(family)] as const;
    sets.push({ name: names.sources(family), type, interval: false, map: false });
    for (const name of [names.addresses(family), names.anywhere(family)]) {
      sets.push({ name, type: addressType(family), interval: false, map: false });
    }
  }
  for (const mirrored of options.mirrored ? [false, true] : [false]) {
    for (const direction of ["egress", "ingress"] as const) {
      for (const key of DISPATCH_KEYS) {
        const type = key === "interfaces" ? "ifname" : addressType(key === "addresses4" ? 4 : 6);
        sets.push({ name: names.dispatch(direction, key, mirrored), type, interval: false, map: true });
      }
    }
  }
  return sets;
}
