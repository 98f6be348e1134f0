import { type Address, addressBytes, addressOfBytes } from "../../model/address.ts";
import type { HostEvent } from "../../native/host-events.ts";
import { SystemCallError } from "../../native/system-call-error.ts";
import type { Link } from "../../native/link-message.ts";
import { MAIN_TABLE } from "../../native/route-dump.ts";
import type { RouteMessage } from "../../native/route-message.ts";
import type { RouteKernel } from "./lead-to.ts";
import { link as testLink } from "./test-host.ts";

const [ESRCH, EEXIST, ENODEV] = [3, 17, 19];

/** A kernel with links and host routes, which refuses what the real one refuses and tells what it tells. */
export interface FakeRouteKernel extends RouteKernel {
  /** `ADDRESS INTERFACE PROTOCOL`, sorted. */
  readonly listed: readonly string[];
  /** Requests so far: questions, and changes. */
  readonly counts: { asked: number; changed: number };
  /** What happened and was not told yet. */
  readonly events: HostEvent[];
  /** The first so many requests from now on fail. */
  failing: number;
  addLink(name: string): void;
  removeLink(name: string): void;
  /** By somebody else; replaces what is there. Nothing happens without the link. */
  putRoute(address: Address, name: string, protocol: number): void;
  removeRoute(address: Address): void;
}

export function fakeRouteKernel(): FakeRouteKernel {
  const links = new Map<string, Link>();
  const routes = new Map<Address, RouteMessage>();
  const events: HostEvent[] = [];
  const counts = { asked: 0, changed: 0 };
  let nextIndex = 10;

  function routeOf(destination: Uint8Array, index: number, protocol: number): RouteMessage {
    return {
      destination,
      prefixLength: destination.length * 8,
      unicast: true,
      nextHops: [{ interface: index, gateway: false, gatewayAddress: undefined }],
      protocol,
      table: MAIN_TABLE,
      scopeLink: true,
    };
  }

  function put(route: RouteMessage): void {
    routes.set(addressOfBytes(route.destination), route);
    events.push({ kind: "route", gone: false, route });
  }

  function remove(route: RouteMessage): void {
    routes.delete(addressOfBytes(route.destination));
    events.push({ kind: "route", gone: true, route });
  }

  function nameOf(index: number | undefined): string {
    return [...links.values()].find((one) => one.index === index)?.name ?? "nowhere";
  }

  function request(count: keyof typeof counts): void {
    counts[count]++;
    if (kernel.failing > 0) {
      kernel.failing--;
      throw new SystemCallError("ask a fake", 105);
    }
  }

  const kernel: FakeRouteKernel = {
    counts,
    events,
    failing: 0,
    get listed() {
      return [...routes]
        .map(
          ([address, { nextHops, protocol }]) => `${address} ${nameOf(nextHops[0]?.interface)} ${protocol}`,
        )
        .toSorted();
    },
    route(address) {
      request("asked");
      return routes.get(addressOfBytes(address));
    },
    routes({ family, protocol }) {
      request("asked");
      const length = family === 4 ? 4 : 16;
      return [...routes.values()].filter(
        (route) => route.protocol === protocol && route.destination.length === length,
      );
    },
    link(key) {
      request("asked");
      if ("name" in key) return links.get(key.name);
      return [...links.values()].find((one) => one.index === key.index);
    },
    change(change) {
      request("changed");
      if (change.kind !== "addRoute" && change.kind !== "replaceRoute" && change.kind !== "deleteRoute") {
        throw new TypeError(`this kernel knows no ${change.kind}`);
      }
      const { destination, link, protocol = 0 } = change.route;
      const there = routes.get(addressOfBytes(destination));
      if (change.kind === "deleteRoute") {
        const isIt = there?.protocol === protocol && there.nextHops[0]?.interface === link;
        if (!isIt) throw new SystemCallError("delete a route", ESRCH);
        return remove(there);
      }
      if (nameOf(link) === "nowhere") throw new SystemCallError("add a route", ENODEV);
      if (change.kind === "addRoute" && there !== undefined) throw new SystemCallError("add a route", EEXIST);
      put(routeOf(destination, link, protocol));
    },
    addLink(name) {
      if (links.has(name)) return;
      const link = testLink(name, { index: nextIndex++ });
      links.set(name, link);
      events.push({ kind: "link", change: { kind: "present", link } });
    },
    removeLink(name) {
      const link = links.get(name);
      if (link === undefined) return;
      links.delete(name);
      // As with IPv4: of these routes nothing is told.
      for (const [address, { nextHops }] of routes)
        if (nextHops[0]?.interface === link.index) routes.delete(address);
      events.push({ kind: "link", change: { kind: "gone", index: link.index } });
    },
    putRoute(address, name, protocol) {
      const link = links.get(name);
      if (link !== undefined) put(routeOf(addressBytes(address), link.index, protocol));
    },
    removeRoute(address) {
      const there = routes.get(address);
      if (there !== undefined) remove(there);
    },
  };
  return kernel;
}
