import { type NetlinkMessage, netlinkMessages } from "./netlink-messages.ts";
import { NetlinkSocket } from "./netlink-socket.ts";
import { waitByBun } from "./wait-by-bun.ts";
import { waitByWorker } from "./wait-by-worker.ts";
import type { StopWaiting, Waiting } from "./waiting.ts";

/** A request that the kernel answers on the same socket: it proves that answers, and so events, arrive. */
export interface Probe {
  readonly request: Uint8Array;
  readonly isAnswer: (message: NetlinkMessage) => boolean;
}

export interface NetlinkEventsOptions {
  /** For example NETLINK_NETFILTER. */
  readonly protocol: number;
  readonly groups: readonly number[];
  readonly probe: Probe;
  /** All messages of one reading, at least one. */
  readonly events: (messages: readonly NetlinkMessage[]) => void;
  /** Events were lost (`ENOBUFS`) or the socket broke: open anew, then look at everything. Nothing comes after it. */
  readonly lost: (reason: string) => void;
  readonly receiveBufferBytes?: number;
  /** How to wait. Default: Bun, and where its self-test fails, a Worker. */
  readonly way?: Waiter;
}

export type Waiter = "bun" | "worker";

export interface NetlinkEvents extends Disposable {
  readonly way: Waiter;
}

/** An answer to a netlink request is there when send(2) returns: this is for the event loop only. */
const SELF_TEST_MILLISECONDS = 1_000;

const WAYS: Readonly<Record<Waiter, (waiting: Waiting) => Promise<StopWaiting>>> = {
  bun: waitByBun,
  worker: waitByWorker,
};

/** Neither way of waiting delivered the answer to the probe. */
export class NetlinkEventsError extends Error {
  override readonly name = "NetlinkEventsError";

  constructor(found: string) {
    super(`could not wait for netlink events: ${found}; without them changes by other programs go unseen`);
  }
}

function openSocket({ protocol, groups, receiveBufferBytes }: NetlinkEventsOptions): NetlinkSocket {
  return NetlinkSocket.open(protocol, {
    groups,
    ...(receiveBufferBytes !== undefined && { receiveBufferBytes }),
  });
}

/** Takes the socket over. Gives what was found where events do not arrive. */
async function tryWay(
  way: Waiter,
  socket: NetlinkSocket,
  options: NetlinkEventsOptions,
): Promise<NetlinkEvents | string> {
  const { probe } = options;
  const { promise: tested, resolve } = Promise.withResolvers<string | undefined>();
  let proven = false;
  let over = false;
  const received = (bytes: Uint8Array): void => {
    if (over) return;
    const messages = netlinkMessages(bytes);
    const events = proven ? messages : messages.filter((message) => !probe.isAnswer(message));
    if (events.length < messages.length) {
      proven = true;
      resolve(undefined);
    }
    if (events.length > 0) options.events(events);
  };
  const lost = (reason: string): void => {
    if (over) return;
    over = true;
    if (proven) options.lost(reason);
    else resolve(`it broke at once (${reason})`);
  };
  const timer = setTimeout(() => resolve("no answer came"), SELF_TEST_MILLISECONDS);
  let stop: StopWaiting = () => {};
  let failure: string | undefined;
  try {
    socket.send(probe.request);
    stop = await WAYS[way]({ fd: socket.release(), received, lost });
    failure = await tested;
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timer);
    socket[Symbol.dispose]();
  }
  const end = (): void => {
    if (over) return;
    over = true;
    stop();
  };
  if (failure === undefined) return { way, [Symbol.dispose]: end };
  end();
  return failure;
}

/**
 * Multicast messages of a netlink family, as they come. Sockets are opened before the first `await`, so in the
 * network namespace that the thread is in. Throws SystemCallError and NetlinkEventsError.
 */
export async function openNetlinkEvents(options: NetlinkEventsOptions): Promise<NetlinkEvents> {
  const ways: readonly Waiter[] = options.way === undefined ? ["bun", "worker"] : [options.way];
  const tries = ways.map((way) => ({ way, socket: openSocket(options) }));
  const found: string[] = [];
  try {
    for (const { way, socket } of tries) {
      const result = await tryWay(way, socket, options);
      if (typeof result !== "string") return result;
      found.push(`${way}: ${result}`);
    }
  } finally {
    for (const { socket } of tries) socket[Symbol.dispose]();
  }
  throw new NetlinkEventsError(found.join("; "));
}
