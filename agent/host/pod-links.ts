import type { Condition } from "../../adapters/datastore.ts";
import { followHostEvents, type FollowHostEventsOptions } from "../../dataplane/link/follow-host-events.ts";
import { type HostEndsOptions, keepHostEnds } from "../../dataplane/link/host-ends.ts";
import type { EndpointRecord } from "../../handshake/endpoint-record.ts";
import { keepLocalRoutes, type LocalRoutesOptions } from "../../dataplane/route/local-routes.ts";
import type { LocalEndpoints } from "../../dataplane/route/route-wish.ts";
import type { EndpointId } from "../../model/endpoint.ts";
import { LinkSysctls } from "../../native/link-sysctls.ts";
import { RouteDump } from "../../native/route-dump.ts";
import { Rtnetlink } from "../../native/rtnetlink.ts";
import { watchMtu, type WatchMtuOptions } from "./mtu-watch.ts";

type Told = "kernel" | "told" | "trouble";

export interface PodLinksOptions {
  readonly mtu: Omit<WatchMtuOptions, Told>;
  /** All conditions of pod links there are now, whenever they are others than before; at first there are none. */
  readonly conditions: (conditions: readonly Condition[]) => void;
  /** Words for a log. */
  readonly trouble: (text: string) => void;
  /** The MTU of pods is this now, and why. */
  readonly mtuFound?: WatchMtuOptions["told"];
  readonly routes?: Omit<LocalRoutesOptions, Told>;
  readonly hostEnds?: Omit<HostEndsOptions, Told>;
  readonly follow?: Omit<FollowHostEventsOptions, "listeners" | "trouble">;
}

/** What the agent itself does about the links and routes of this node's pods, where our plugin wires them. */
export interface PodLinks extends Disposable {
  /**
   * The endpoints of the ruleset that is in force now; only those of `touched` may be others than at the last call,
   * undefined: any. Nothing of pods is looked at or written before the first call. Cheap: work is done in turns afterwards.
   */
  want(endpoints: LocalEndpoints, touched: ReadonlySet<EndpointId> | undefined): void;
  /** Bytes, for pods that are made now. */
  mtu(): number;
  /** Whether the record's interface is there and its container's. Throws SystemCallError. */
  holds(record: EndpointRecord): boolean;
  /** Ends when routes and settings are as they must be, or what keeps them from it was told. */
  settled(): Promise<void>;
}

/** In the network namespace that the calling thread is in. Throws SystemCallError where no socket can be had. */
export function keepPodLinks(options: PodLinksOptions): PodLinks {
  const { trouble, mtuFound } = options;
  using opening = new DisposableStack();
  const rtnetlink = opening.use(new Rtnetlink());
  const sysctls = opening.use(new LinkSysctls());
  const dump = opening.use(new RouteDump());
  const found: Record<"routes" | "hostEnds", readonly Condition[]> = { routes: [], hostEnds: [] };

  function told(from: keyof typeof found): (conditions: readonly Condition[]) => void {
    return (conditions) => {
      found[from] = conditions;
      options.conditions([...found.routes, ...found.hostEnds]);
    };
  }

  const routes = opening.use(
    keepLocalRoutes({ ...options.routes, kernel: rtnetlink, told: told("routes"), trouble }),
  );
  const hostEnds = opening.use(
    keepHostEnds({ ...options.hostEnds, kernel: sysctls, told: told("hostEnds"), trouble }),
  );
  const mtu = opening.use(
    watchMtu({
      ...options.mtu,
      kernel: { routes: (filter) => dump.routes(filter), link: (index) => rtnetlink.link({ index }) },
      trouble,
      ...(mtuFound !== undefined && { told: mtuFound }),
    }),
  );
  opening.use(followHostEvents({ ...options.follow, listeners: [routes, hostEnds, mtu], trouble }));
  const opened = opening.move();

  return {
    want(endpoints, touched) {
      routes.want(endpoints, touched);
      hostEnds.want(endpoints, touched);
    },
    mtu: () => mtu.mtu(),
    holds: ({ interface: name, containerId }) => rtnetlink.link({ name })?.alias === containerId,
    settled: async () => void (await Promise.all([routes.settled(), hostEnds.settled(), mtu.settled()])),
    [Symbol.dispose]: () => opened.dispose(),
  };
}
