import { type Address, addressBytes, addressOfBytes } from "../../model/address.ts";
import type { EndpointId } from "../../model/endpoint.ts";
import type { HostEvent } from "../../native/host-events.ts";
import { SystemCallError } from "../../native/system-call-error.ts";
import { MAIN_TABLE } from "../../native/route-dump.ts";
import { createNamedLinks } from "../link/named-links.ts";
import { createWorkQueue } from "../link/work-queue.ts";
import type { HostCondition } from "../preflight/condition.ts";
import { type HeldRoute, heldConditions } from "./held-routes.ts";
import { directLink, isHostRoute, isOurs } from "./judge-route.ts";
import { leadTo, linkName, removeRoute, type RouteKernel } from "./lead-to.ts";
import { createLeftoverRoutes } from "./leftover-routes.ts";
import { ROUTE_PROTOCOL } from "./route-protocol.ts";
import { createRouteWish, type LocalEndpoints, type WishedRoute } from "./route-wish.ts";

export interface LocalRoutesOptions {
  readonly kernel: RouteKernel;
  /** All conditions there are now, whenever they are others than before; at first there are none. */
  readonly told: (conditions: readonly HostCondition[]) => void;
  /** Words for a log. */
  readonly trouble?: (text: string) => void;
  /** How long a route of ours may be nobody's: longer than the plugin waits for the agent. */
  readonly leftoverMilliseconds?: number;
  /** Until what the kernel refused is tried again. */
  readonly retryMilliseconds?: number;
}

/** Keeps each local pod's addresses leading to the pod's interface, and nothing of ours leading elsewhere. */
export interface LocalRoutes extends Disposable {
  /**
   * The endpoints of this node as they are now; only those of `touched` may be others than at the last call, undefined: any.
   * Nothing is looked at before the first call. Costs as much as `touched` is large.
   */
  want(endpoints: LocalEndpoints, touched: ReadonlySet<EndpointId> | undefined): void;
  /** What happened to links and routes. */
  take(events: readonly HostEvent[]): void;
  /** Events went unseen. */
  lookAgain(): void;
  /** Events are believed to have told everything, which costs little to make sure of. */
  sweep(): void;
  /** Ends when the kernel is at the wish, or what keeps it from there was told. */
  settled(): Promise<void>;
}

/** The driver of this node's host routes: /32 and /128, scope link, protocol ROUTE_PROTOCOL, in the main table. */
export function keepLocalRoutes(options: LocalRoutesOptions): LocalRoutes {
  const { kernel, told, trouble = () => {} } = options;
  const { leftoverMilliseconds = 120_000, retryMilliseconds = 5_000 } = options;
  const wish = createRouteWish();
  const links = createNamedLinks((name) => kernel.link({ name }));
  const held = new Map<Address, HeldRoute>();
  const failed = new Set<Address>();
  /** Addresses that were somebody's until now, and by which interface. */
  const left = new Map<Address, WishedRoute>();
  let begun = false;
  let toldText = "[]";
  let retry: ReturnType<typeof setTimeout> | undefined;

  const leftovers = createLeftoverRoutes({
    graceMilliseconds: leftoverMilliseconds,
    remove(address, link) {
      try {
        const name = linkName(kernel, link);
        if (!removeRoute(kernel, address, link)) return;
        trouble(`removed our route to ${address} by ${name}: no pod has the address`);
      } catch (error) {
        if (!(error instanceof SystemCallError)) throw error;
        trouble(error.message);
      }
    },
  });

  function lookAtUnwished(address: Address): void {
    const route = kernel.route(addressBytes(address));
    const link = route !== undefined && isOurs(route) ? directLink(route) : undefined;
    const before = left.get(address);
    if (link === undefined) return leftovers.forget(address);
    // By another interface it is the next one's already, whom the plugin is just wiring.
    if (before !== undefined && links.get(before.interface)?.index === link) {
      removeRoute(kernel, address, link);
      leftovers.forget(address);
    } else {
      leftovers.seen(address, link);
    }
  }

  function lookAtWished(address: Address, wished: WishedRoute): void {
    leftovers.forget(address);
    const link = links.get(wished.interface);
    const found = link === undefined ? undefined : leadTo(kernel, address, { wished, link });
    if (found !== undefined) held.set(address, found);
  }

  function look(address: Address): void {
    const wished = wish.get(address);
    held.delete(address);
    try {
      if (wished === undefined) lookAtUnwished(address);
      else lookAtWished(address, wished);
    } catch (error) {
      if (!(error instanceof SystemCallError)) throw error;
      failed.add(address);
      const next = `it is tried again every ${retryMilliseconds} ms`;
      if (wished !== undefined) held.set(address, { wished, because: error.message, next });
      else trouble(error.message);
    } finally {
      left.delete(address);
    }
  }

  function tell(): void {
    const conditions = heldConditions(held);
    const text = JSON.stringify(conditions);
    if (text !== toldText) told(conditions);
    toldText = text;
    if (failed.size === 0) return;
    retry ??= setTimeout(() => {
      retry = undefined;
      const again = [...failed];
      failed.clear();
      queue.add(again);
    }, retryMilliseconds);
  }

  const queue = createWorkQueue<Address>({ work: look, idle: tell });

  /** Routes of ours that nobody wished, from before this start or from events that were lost. */
  function lookForLeftovers(): void {
    try {
      for (const family of [4, 6] as const) {
        const ours = kernel.routes({ family, table: MAIN_TABLE, protocol: ROUTE_PROTOCOL }).filter(isOurs);
        queue.add(ours.map(({ destination }) => addressOfBytes(destination)));
      }
    } catch (error) {
      if (!(error instanceof SystemCallError)) throw error;
      trouble(error.message);
    }
  }

  function lookAgain(): void {
    if (!begun) return;
    links.forget();
    queue.add(wish.addresses());
    lookForLeftovers();
  }

  return {
    want(endpoints, touched) {
      const changed = wish.take(endpoints, begun ? touched : undefined);
      for (const [address, before] of changed) {
        if (before !== undefined && wish.get(address) === undefined) left.set(address, before);
      }
      queue.add(changed.keys());
      if (!begun) lookForLeftovers();
      begun = true;
    },
    take(events) {
      if (!begun) return;
      for (const event of events) {
        if (event.kind === "link") {
          for (const name of links.take(event.change)) queue.add(wish.addressesOf(name));
          // A link takes its routes along, and of IPv4's the kernel tells nobody: one may have held an address.
          if (event.change.kind === "gone" || (event.change.kind === "present" && !event.change.link.up))
            queue.add([...held.keys()]);
        } else if (event.kind === "route" && isHostRoute(event.route)) {
          const address = addressOfBytes(event.route.destination);
          if (wish.get(address) !== undefined || event.route.protocol === ROUTE_PROTOCOL)
            queue.add([address]);
        } else if (event.kind === "rule") {
          queue.add(wish.addresses());
        }
      }
    },
    lookAgain,
    sweep: lookAgain,
    settled: () => queue.settled(),
    [Symbol.dispose]() {
      clearTimeout(retry);
      leftovers[Symbol.dispose]();
      queue[Symbol.dispose]();
    },
  };
}
