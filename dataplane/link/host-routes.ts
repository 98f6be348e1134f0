import { type Address, addressBytes, addressFamily } from "../../model/address.ts";
import type { RouteMessage } from "../../native/route-message.ts";
import type { Rtnetlink } from "../../native/rtnetlink.ts";
import { PodLinkError } from "./pod-link-error.ts";

/** Where the host's routes to its pods are (rtnetlink's number). */
const MAIN_TABLE = 254;

/** Whose the route to an address alone is: `nobody`'s, that of the asked link, of something else, or one that drops. */
export type RouteOwner = "nobody" | "link" | { readonly other: string } | { readonly dropping: string };

function wayText(route: RouteMessage, host: Rtnetlink): string {
  if (!route.unicast) return "the host itself";
  const names = route.nextHops.map(
    ({ interface: index }) => host.link({ index })?.name ?? `interface number ${index}`,
  );
  return names.length === 0 ? "a route without an interface" : names.join(" and ");
}

/** Asked for a way, the kernel tells nothing of a route that has none, though it is in the way of another. */
function droppingRoute(host: Rtnetlink, bytes: Uint8Array): RouteOwner {
  const routes = host.routes({ family: bytes.length === 4 ? 4 : 6, table: MAIN_TABLE });
  const found = routes.find(
    ({ prefixLength, destination, dropping }) =>
      dropping !== undefined && prefixLength === bytes.length * 8 && Buffer.compare(destination, bytes) === 0,
  );
  return found?.dropping === undefined ? "nobody" : { dropping: found.dropping };
}

/** Asked of the kernel as it stands: rules and metrics count. */
export function routeOwner(host: Rtnetlink, address: Address, link: number): RouteOwner {
  const bytes = addressBytes(address);
  const route = host.route(bytes);
  // All routes are read only where the host has no way at all there, not even a default route.
  if (route === undefined) return droppingRoute(host, bytes);
  if (route.prefixLength < bytes.length * 8) return "nobody";
  const [only, ...more] = route.nextHops;
  if (route.unicast && only?.interface === link && more.length === 0) return "link";
  return { other: wayText(route, host) };
}

export function ownerText(address: Address, owner: Exclude<RouteOwner, string>): string {
  return "other" in owner
    ? `the host's route to ${address} belongs to ${owner.other}`
    : `the host has a ${owner.dropping} route to ${address}`;
}

/** Throws PodLinkError where something else than the link has the route to one of the addresses. */
export function demandFreeRoutes(host: Rtnetlink, addresses: readonly Address[], link: number): void {
  for (const address of addresses) {
    const owner = routeOwner(host, address, link);
    if (typeof owner === "string") continue;
    const command = addressFamily(address) === 4 ? "ip route" : "ip -6 route";
    throw new PodLinkError("routeOwned", {
      tried: `lead ${address} to the container`,
      found:
        "other" in owner
          ? `the host's route to it belongs to ${owner.other}`
          : `the host has a ${owner.dropping} route to it`,
      next:
        "other" in owner
          ? "another container or another program has this address: free it there, or the lease of it here"
          : `delete it: ${command} del ${owner.dropping} ${address}`,
    });
  }
}
