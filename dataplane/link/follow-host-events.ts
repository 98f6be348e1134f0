import { type HostEvent, type HostEventsOptions, openHostEvents } from "../../native/host-events.ts";

/** Who keeps something of the host right. */
export interface HostEventListener {
  take(events: readonly HostEvent[]): void;
  /** Events went unseen, before the first one, too: everything may be otherwise. */
  lookAgain(): void;
  /** Nothing is known to have gone unseen; for what the kernel tells nobody. */
  sweep?(): void;
}

export interface FollowHostEventsOptions {
  readonly listeners: readonly HostEventListener[];
  /** Words for a log: events were lost, or cannot be had. What is kept stays right, a little later. */
  readonly trouble: (text: string) => void;
  readonly sweepMilliseconds?: number;
  /** Until events that could not be had are tried again; then all is looked at, too. */
  readonly retryMilliseconds?: number;
  readonly receiveBufferBytes?: number;
  /** For tests, which live in network namespaces. */
  readonly openEvents?: (options: HostEventsOptions) => Promise<Disposable>;
}

/** Enough for some thousand changes while the event loop is busy. */
const RECEIVE_BUFFER = 4 * 1024 * 1024;

/** Tells listeners what happens to links, routes and their settings, through lost events and broken sockets. */
export function followHostEvents(options: FollowHostEventsOptions): Disposable {
  const { listeners, trouble, openEvents = openHostEvents } = options;
  const { sweepMilliseconds = 60_000, retryMilliseconds = 10_000 } = options;
  const { receiveBufferBytes = RECEIVE_BUFFER } = options;
  let closed = false;
  let events: Disposable | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;

  function lookAgain(): void {
    for (const listener of listeners) listener.lookAgain();
  }

  async function open(): Promise<void> {
    try {
      const opened = await openEvents({
        receiveBufferBytes,
        events: (told) => {
          if (!closed) for (const listener of listeners) listener.take(told);
        },
        lost: (reason) => {
          if (closed) return;
          trouble(`events of links and routes were lost (${reason}): all are looked at again`);
          void open();
        },
      });
      if (closed) return opened[Symbol.dispose]();
      events = opened;
      // What changed before the new socket listened went unseen.
      lookAgain();
    } catch (error) {
      if (closed) return;
      const reason = error instanceof Error ? error.message : String(error);
      trouble(
        `links and routes cannot be followed, they are looked at every ${retryMilliseconds} ms: ${reason}`,
      );
      lookAgain();
      retry = setTimeout(() => void open(), retryMilliseconds);
    }
  }

  void open();
  const sweeping = setInterval(() => {
    for (const listener of listeners) listener.sweep?.();
  }, sweepMilliseconds);
  return {
    [Symbol.dispose]() {
      closed = true;
      clearTimeout(retry);
      clearInterval(sweeping);
      events?.[Symbol.dispose]();
    },
  };
}
