import { addressFamily } from "../../model/address.ts";
import type { EndpointId } from "../../model/endpoint.ts";
import type { LocalEndpoint, LocalEndpoints } from "../route/route-wish.ts";
import type { HostEnd } from "./host-end-settings.ts";

interface KnownEnd extends HostEnd {
  readonly name: string;
  readonly hasIpv4: boolean;
}

/** Whose each host end is. */
export interface HostEndWish {
  /** As RouteWish.take; gives the names of the interfaces that another endpoint's settings hold for now, or nobody's. */
  take(endpoints: LocalEndpoints, touched: ReadonlySet<EndpointId> | undefined): ReadonlySet<string>;
  get(name: string): HostEnd | undefined;
  names(): Iterable<string>;
  /** How many endpoints have an address of the family. */
  count(family: 4 | 6): number;
}

function endOf(endpoint: EndpointId, found: LocalEndpoint | undefined): KnownEnd | undefined {
  if (found?.attachment.kind !== "interface") return undefined;
  const families = found.addresses.map(addressFamily);
  const hasIpv6 = families.length === 0 ? undefined : families.includes(6);
  return { endpoint, name: found.attachment.name, hasIpv4: families.includes(4), hasIpv6 };
}

function same(a: KnownEnd | undefined, b: KnownEnd | undefined): boolean {
  return a?.name === b?.name && a?.hasIpv4 === b?.hasIpv4 && a?.hasIpv6 === b?.hasIpv6;
}

export function createHostEndWish(): HostEndWish {
  const known = new Map<EndpointId, KnownEnd>();
  const byName = new Map<string, KnownEnd>();
  const counts = { 4: 0, 6: 0 };

  function count({ hasIpv4, hasIpv6 }: KnownEnd, by: 1 | -1): void {
    if (hasIpv4) counts[4] += by;
    if (hasIpv6 === true) counts[6] += by;
  }

  return {
    take(endpoints, touched) {
      const names = new Set<string>();
      const come: KnownEnd[] = [];
      for (const id of touched ?? new Set([...known.keys(), ...endpoints.keys()])) {
        const before = known.get(id);
        const after = endOf(id, endpoints.get(id));
        if (same(before, after)) continue;
        if (after !== undefined) come.push(after);
        if (before === undefined) continue;
        known.delete(id);
        count(before, -1);
        if (byName.get(before.name) === before) byName.delete(before.name);
        names.add(before.name);
      }
      // All that leave first: an interface may pass from one to the next.
      for (const end of come) {
        known.set(end.endpoint, end);
        count(end, 1);
        byName.set(end.name, end);
        names.add(end.name);
      }
      return names;
    },
    get: (name) => byName.get(name),
    names: () => byName.keys(),
    count: (family) => counts[family],
  };
}
