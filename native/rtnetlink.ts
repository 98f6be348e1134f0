import { SystemCallError } from "./libc.ts";
import { type Link, readLinkChange } from "./link-message.ts";
import type { NetlinkMessage } from "./netlink-messages.ts";
import { NetlinkSocket } from "./netlink-socket.ts";
import { type RouteMessage, readRouteMessage } from "./route-message.ts";
import {
  type LinkKey,
  LONGEST_INTERFACE_NAME,
  linkRequest,
  portsRequest,
  routeRequest,
} from "./rtnetlink-requests.ts";

export const NETLINK_ROUTE = 0;

/** What the kernel answers where there is nothing: no route, a route that drops, no link, no such family. */
const NOTHING_THERE: ReadonlySet<string> = new Set([
  "ENETUNREACH",
  "EHOSTUNREACH",
  "EACCES",
  "EINVAL",
  "ENODEV",
  "ENOENT",
  "ESRCH",
  "EAFNOSUPPORT",
  "EOPNOTSUPP",
  "EPROTONOSUPPORT",
]);

/** Asks the kernel about single routes and links: about 0.02 ms each, whatever the size of its tables. */
export class Rtnetlink {
  readonly #socket: NetlinkSocket = NetlinkSocket.open(NETLINK_ROUTE);

  #ask(request: Uint8Array, tried: string): NetlinkMessage | undefined {
    try {
      return this.#socket.request(request, tried);
    } catch (error) {
      if (error instanceof SystemCallError && NOTHING_THERE.has(error.code)) return undefined;
      throw error;
    }
  }

  /** The route of a packet from this host to `address` (4 or 16 bytes), as rules and tables stand now. Throws SystemCallError. */
  route(address: Uint8Array): RouteMessage | undefined {
    const answer = this.#ask(routeRequest(address), "ask the kernel for a route");
    return answer === undefined ? undefined : readRouteMessage(answer);
  }

  /** Throws SystemCallError. */
  link(key: LinkKey): Link | undefined {
    if ("name" in key && key.name.length > LONGEST_INTERFACE_NAME) return undefined;
    const answer = this.#ask(linkRequest(key), "ask the kernel for a network interface");
    const change = answer === undefined ? undefined : readLinkChange(answer);
    return change?.kind === "present" ? change.link : undefined;
  }

  /** What belongs to the bridge, bond or VRF of this number. Throws SystemCallError. */
  ports(master: number): Link[] {
    const parts = this.#socket.dump(
      portsRequest(master),
      "ask the kernel for the ports of a network interface",
    );
    return parts.flatMap((part) => {
      const change = readLinkChange(part);
      return change?.kind === "present" && change.link.master === master ? [change.link] : [];
    });
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}
