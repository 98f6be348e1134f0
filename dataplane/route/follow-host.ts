import { gatherEvents } from "../../native/gather-events.ts";
import { SystemCallError } from "../../native/system-call-error.ts";
import type { Link } from "../../native/link-message.ts";
import { Rtnetlink } from "../../native/rtnetlink.ts";
import { openRtnetlinkEvents, type RtnetlinkEventsOptions } from "../../native/rtnetlink-events.ts";
import { createKnownLinks } from "../link/known-links.ts";
import { type HostView, hostView } from "./host-view.ts";

export interface FollowHostOptions {
  /** Routes or links may answer otherwise than before. Never called before `followHost` has returned. */
  readonly changed: () => void;
  /** Words for a log: events were lost, or cannot be had. What is seen stays right, a little later. */
  readonly trouble?: (text: string) => void;
  /** From the first event to `changed`: a pod's start is a handful of them. */
  readonly gatherMilliseconds?: number;
  /** Between two calls of `changed`: a table with a million routes may change all the time. */
  readonly pauseMilliseconds?: number;
  /** `changed` is called this often without any event: for what the kernel tells nobody. */
  readonly lookAgainMilliseconds?: number;
  /** Until events that could not be had are tried again. */
  readonly retryMilliseconds?: number;
  readonly receiveBufferBytes?: number;
  /** For tests, which live in network namespaces. */
  readonly openEvents?: (options: RtnetlinkEventsOptions) => Promise<Disposable>;
}

/** This host's routes and links as they are now. */
export interface FollowedHost extends HostView, Disposable {
  /** Throws SystemCallError. */
  linkNamed(name: string): Link | undefined;
}

/** Enough for some thousand changes while the event loop is busy. */
const RECEIVE_BUFFER = 4 * 1024 * 1024;

/**
 * Follows routes and links of the network namespace that the calling thread is in. It keeps no copy of the routing
 * tables: the kernel is asked about one address at a time, so that rules, metrics and next hops count as it counts
 * them, and events only say when to ask again. Throws SystemCallError where no socket can be had.
 */
export function followHost(options: FollowHostOptions): FollowedHost {
  const { changed, trouble = () => {}, openEvents = openRtnetlinkEvents } = options;
  const { gatherMilliseconds = 10, pauseMilliseconds = 50 } = options;
  const { lookAgainMilliseconds = 10_000, retryMilliseconds = 1_000 } = options;
  const { receiveBufferBytes = RECEIVE_BUFFER } = options;
  const kernel = new Rtnetlink();
  const links = createKnownLinks((index) => kernel.link({ index }));
  let closed = false;
  let events: Disposable | undefined;
  const gathered = gatherEvents({ changed, gatherMilliseconds, pauseMilliseconds });
  let retry: ReturnType<typeof setTimeout> | undefined;

  function lookAgain(): void {
    links.forget();
    gathered.tell();
  }

  async function open(): Promise<void> {
    try {
      const opened = await openEvents({
        receiveBufferBytes,
        changed: (changes) => {
          links.take(changes);
          gathered.tell();
        },
        lost: (reason) => {
          if (closed) return;
          trouble(`events of routes and links were lost (${reason}): all are looked at again`);
          lookAgain();
          void open();
        },
      });
      // What changed before the new socket listened went unseen.
      lookAgain();
      if (closed) opened[Symbol.dispose]();
      else events = opened;
    } catch (error) {
      if (closed) return;
      const reason = error instanceof Error ? error.message : String(error);
      trouble(
        `routes and links cannot be followed, they are looked at every ${lookAgainMilliseconds} ms: ${reason}`,
      );
      retry = setTimeout(() => void open(), retryMilliseconds);
    }
  }

  /** Without an answer an address has no route, which closes nothing and opens nothing: its endpoint is found by address. */
  function asking<Answer>(ask: () => Answer | undefined): Answer | undefined {
    try {
      return ask();
    } catch (error) {
      if (!(error instanceof SystemCallError)) throw error;
      trouble(error.message);
      return undefined;
    }
  }

  void open();
  const often = setInterval(lookAgain, lookAgainMilliseconds);
  return {
    ...hostView({
      route: (address) => asking(() => kernel.route(address)),
      link: (index) => asking(() => links.get(index)),
    }),
    linkNamed: (name) => kernel.link({ name }),
    [Symbol.dispose]() {
      closed = true;
      gathered[Symbol.dispose]();
      clearTimeout(retry);
      clearInterval(often);
      events?.[Symbol.dispose]();
      kernel[Symbol.dispose]();
    },
  };
}
