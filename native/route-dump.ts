import { setImmediate } from "node:timers/promises";
import { receiveBytes } from "./libc.ts";
import { SystemCallError } from "./system-call-error.ts";
import {
  messageErrno,
  type NetlinkMessage,
  netlinkMessages,
  NLM_F_DUMP_INTR,
  NLMSG_DONE,
} from "./netlink-messages.ts";
import { NetlinkSocket } from "./netlink-socket.ts";
import { readRouteMessage, type RouteMessage } from "./route-message.ts";
import { NETLINK_ROUTE } from "./rtnetlink.ts";
import { routesRequest } from "./rtnetlink-dumps.ts";

/** The table that packets of a plain host are sent by. */
export const MAIN_TABLE = 254;

const DUMP_ATTEMPTS = 20;
/** Of one turn on the event loop. */
const TURN_MILLISECONDS = 5;
/** Larger than what the kernel puts into one datagram of a dump. */
const RECEIVE_BYTES = 65_536;

export interface RouteDumpFilter {
  readonly family: 4 | 6;
  /** Of the destination, in bits. */
  readonly prefixLengths: ReadonlySet<number>;
}

function wanted(message: NetlinkMessage, { prefixLengths }: RouteDumpFilter): RouteMessage | undefined {
  // Before anything else is read: of a large table hardly anything is wanted.
  if (!prefixLengths.has(message.payload[1] ?? 0)) return undefined;
  const route = readRouteMessage(message);
  return route?.table === MAIN_TABLE ? route : undefined;
}

/** Reads the main routing table, of whatever size, without holding up the event loop. */
export class RouteDump {
  readonly #socket: NetlinkSocket = NetlinkSocket.open(NETLINK_ROUTE, { strict: true });
  /** The socket carries one dump at a time. */
  #last: Promise<unknown> = Promise.resolve();
  #open = true;

  /** What changes meanwhile may be missing: events tell of it. Throws SystemCallError. */
  routes(filter: RouteDumpFilter): Promise<RouteMessage[]> {
    const dumped = this.#last.then(() => this.#dump(filter));
    this.#last = dumped.catch(() => {});
    return dumped;
  }

  async #dump(filter: RouteDumpFilter): Promise<RouteMessage[]> {
    for (let attempt = 0; this.#open; attempt++) {
      const found: RouteMessage[] = [];
      const whole = await this.#dumpOnce(filter, found);
      if (whole || attempt >= DUMP_ATTEMPTS) return found;
    }
    return [];
  }

  /** False: changes came between the parts. */
  async #dumpOnce(filter: RouteDumpFilter, found: RouteMessage[]): Promise<boolean> {
    this.#socket.drain();
    this.#socket.send(routesRequest({ family: filter.family, table: MAIN_TABLE }));
    const buffer = new Uint8Array(RECEIVE_BYTES);
    let whole = true;
    let turnBegan = performance.now();
    while (this.#open) {
      const length = receiveBytes(this.#socket.fd, buffer);
      if (length === undefined) return whole;
      for (const message of netlinkMessages(buffer.subarray(0, length))) {
        const errno = messageErrno(message) ?? 0;
        if (errno !== 0) throw new SystemCallError("read the routing table", errno);
        if ((message.flags & NLM_F_DUMP_INTR) !== 0) whole = false;
        if (message.type === NLMSG_DONE) return whole;
        const route = wanted(message, filter);
        if (route !== undefined) found.push(route);
      }
      if (performance.now() - turnBegan < TURN_MILLISECONDS) continue;
      await setImmediate();
      turnBegan = performance.now();
    }
    return true;
  }

  [Symbol.dispose](): void {
    this.#open = false;
    this.#socket[Symbol.dispose]();
  }
}
