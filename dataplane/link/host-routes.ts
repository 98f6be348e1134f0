import { type Address, addressBytes } from "../../model/address.ts";
import type { RouteMessage } from "../../native/route-message.ts";
import type { Rtnetlink } from "../../native/rtnetlink.ts";
import { PodLinkError } from "./pod-link-error.ts";

/** Whose the route to an address alone is: `nobody`'s, that of the asked link, or of something else, in words. */
export type RouteOwner = "nobody" | "link" | { readonly other: string };

function wayText(route: RouteMessage, host: Rtnetlink): string {
  if (!route.unicast) return "the host itself";
  const names = route.nextHops.map(
    ({ interface: index }) => host.link({ index })?.name ?? `interface number ${index}`,
  );
  return names.length === 0 ? "a route without an interface" : names.join(" and ");
}

/** Asked of the kernel as it stands: rules and metrics count. */
export function routeOwner(host: Rtnetlink, address: Address, link: number): RouteOwner {
  const bytes = addressBytes(address);
  const route = host.route(bytes);
  if (route === undefined || route.prefixLength < bytes.length * 8) return "nobody";
  const [only, ...more] = route.nextHops;
  if (route.unicast && only?.interface === link && more.length === 0) return "link";
  return { other: wayText(route, host) };
}

/** Throws PodLinkError where something else than the link has the route to one of the addresses. */
export function demandFreeRoutes(host: Rtnetlink, addresses: readonly Address[], link: number): void {
  for (const address of addresses) {
    const owner = routeOwner(host, address, link);
    if (typeof owner === "string") continue;
    throw new PodLinkError("routeOwned", {
      tried: `lead ${address} to the container`,
      found: `the host's route to it belongs to ${owner.other}`,
      next: "another container or another program has this address: free it there, or the lease of it here",
    });
  }
}
