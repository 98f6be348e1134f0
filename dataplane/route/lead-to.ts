import { type Address, addressBytes } from "../../model/address.ts";
import { SystemCallError } from "../../native/system-call-error.ts";
import type { Link } from "../../native/link-message.ts";
import type { Route } from "../../native/route-change-message.ts";
import { MAIN_TABLE } from "../../native/route-dump.ts";
import type { RouteMessage } from "../../native/route-message.ts";
import type { NetworkChange } from "../../native/rtnetlink-change.ts";
import { heldBy, type HeldRoute } from "./held-routes.ts";
import { judgeRoute } from "./judge-route.ts";
import { ROUTE_PROTOCOL } from "./route-protocol.ts";
import type { WishedRoute } from "./route-wish.ts";

/** What is asked of the kernel: native/rtnetlink.ts, or a test's own. All throw SystemCallError. */
export interface RouteKernel {
  /** The entry that decides about packets to the address. */
  route(address: Uint8Array): RouteMessage | undefined;
  routes(filter: {
    readonly family: 4 | 6;
    readonly table: number;
    readonly protocol: number;
  }): RouteMessage[];
  link(key: { readonly index: number } | { readonly name: string }): Link | undefined;
  change(change: NetworkChange): void;
}

/** The link is not there, not up, or on its way: it will be told. */
const WAITS_FOR_LINK: ReadonlySet<string> = new Set(["ENODEV", "ENETDOWN", "ENOENT"]);
/** Gone by itself, or with its link. */
const GONE: ReadonlySet<string> = new Set(["ESRCH", "ENODEV"]);

function ourRoute(address: Address, link: number): Omit<Route, "scope"> {
  const destination = addressBytes(address);
  return {
    destination,
    prefixLength: destination.length * 8,
    link,
    protocol: ROUTE_PROTOCOL,
    table: MAIN_TABLE,
  };
}

/** Does `work`; false: the kernel refused it for one of these reasons. Throws SystemCallError with any other. */
function unless(codes: ReadonlySet<string>, work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (error instanceof SystemCallError && codes.has(error.code)) return false;
    throw error;
  }
}

/** For people. Throws SystemCallError. */
export function linkName(kernel: RouteKernel, index: number): string {
  return kernel.link({ index })?.name ?? `number ${index}`;
}

/** Removes our route to the address by this very link; false: there was none. Throws SystemCallError. */
export function removeRoute(kernel: RouteKernel, address: Address, link: number): boolean {
  return unless(GONE, () => kernel.change({ kind: "deleteRoute", route: ourRoute(address, link) }));
}

function write(
  kernel: RouteKernel,
  kind: "addRoute" | "replaceRoute",
  route: Omit<Route, "scope">,
): "written" | "waits" {
  try {
    const tried = unless(WAITS_FOR_LINK, () => kernel.change({ kind, route: { ...route, scope: "link" } }));
    return tried ? "written" : "waits";
  } catch (error) {
    // Somebody was faster, or a rule for routes leads past what is there: the next look tells which.
    if (error instanceof SystemCallError && error.code === "EEXIST") return "written";
    throw error;
  }
}

/**
 * Makes the address lead to the link, if that takes no more than a route of ours. Gives what stands against it; undefined: nothing
 * does, or the link is not up yet, which will be told. Throws SystemCallError.
 */
export function leadTo(
  kernel: RouteKernel,
  address: Address,
  { wished, link }: { readonly wished: WishedRoute; readonly link: Link },
): HeldRoute | undefined {
  const bytes = addressBytes(address);
  let route = kernel.route(bytes);
  let judgement = judgeRoute(route, link);
  if (judgement === "add" || judgement === "replace") {
    const kind = judgement === "add" ? "addRoute" : "replaceRoute";
    if (write(kernel, kind, ourRoute(address, link.index)) === "waits") return undefined;
    route = kernel.route(bytes);
    judgement = judgeRoute(route, link);
  }
  return judgement === "right"
    ? undefined
    : heldBy(address, wished, route, (index) => linkName(kernel, index));
}
