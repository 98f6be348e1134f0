import type { Link } from "../../native/link-message.ts";
import { MAIN_TABLE } from "../../native/route-dump.ts";
import type { RouteMessage } from "../../native/route-message.ts";
import { ROUTE_PROTOCOL } from "./route-protocol.ts";

/** What is to be done about the route that decides about a pod's address. */
export type RouteJudgement =
  /** Nothing, whoever made it: Calico's lead to the same interfaces as ours. */
  | "right"
  /** There is none for this address alone. */
  | "add"
  /** It is ours, and wrong. */
  | "replace"
  /** It is somebody else's, and leads elsewhere. */
  | "held";

/** A route for one address alone. */
export function isHostRoute({ destination, prefixLength }: RouteMessage): boolean {
  return prefixLength === destination.length * 8;
}

/** Ours, and of the kind that is ever added or removed here. */
export function isOurs(route: RouteMessage): boolean {
  return route.protocol === ROUTE_PROTOCOL && route.table === MAIN_TABLE && isHostRoute(route);
}

/** The only interface that the route leads to, its link itself; undefined: none, or several, or a gateway there. */
export function directLink({ unicast, nextHops: [first, ...others] }: RouteMessage): number | undefined {
  const single = unicast && first !== undefined && others.length === 0 && !first.gateway;
  return single ? first.interface : undefined;
}

/** `route`: what the kernel says decides about the address. */
export function judgeRoute(route: RouteMessage | undefined, link: Link): RouteJudgement {
  if (route === undefined || !isHostRoute(route)) return "add";
  if (directLink(route) === link.index) return "right";
  return isOurs(route) ? "replace" : "held";
}
