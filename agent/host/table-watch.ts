import { TABLE } from "../../dataplane/nft/names.ts";
import { gatherEvents } from "../../native/gather-events.ts";
import {
  type NftablesEvent,
  type NftablesEventsOptions,
  openNftablesEvents,
} from "../../native/nftables-events.ts";
import type { Log } from "../log.ts";
import { ownNetlinkPorts } from "./own-netlink-ports.ts";

const NFPROTO_INET = 1;

export interface TableWatchOptions {
  /** Somebody else may have changed our table. */
  readonly changed: () => void;
  readonly log: Log;
  readonly openEvents?: (options: NftablesEventsOptions) => Promise<Disposable>;
  readonly ownPorts?: () => ReadonlySet<number>;
  /** From the first event to `changed`: one transaction comes in many messages. */
  readonly gatherMilliseconds?: number;
  /** Between two calls of `changed`: whoever fights us over the table must not keep us busy. */
  readonly pauseMilliseconds?: number;
  /** Until events that could not be opened are tried again. */
  readonly retryMilliseconds?: number;
}

/**
 * Watches a table that is not owned for changes by other programs. Where events are lost or cannot be had, `changed` is
 * called, too: what went unseen may have been anything.
 */
export function watchTable(options: TableWatchOptions): Disposable {
  const { changed, log, openEvents = openNftablesEvents, ownPorts = ownNetlinkPorts } = options;
  const { gatherMilliseconds = 10, pauseMilliseconds = 1_000, retryMilliseconds = 60_000 } = options;
  let ours: ReadonlySet<number> = new Set();
  let events: Disposable | undefined;
  let closed = false;
  let retry: ReturnType<typeof setTimeout> | undefined;
  const gathered = gatherEvents({ changed, gatherMilliseconds, pauseMilliseconds });

  function foreign({ family, table, portId }: NftablesEvent): boolean {
    if (family !== NFPROTO_INET || table !== TABLE || ours.has(portId)) return false;
    ours = ownPorts();
    return !ours.has(portId);
  }

  async function open(): Promise<void> {
    try {
      const opened = await openEvents({
        changed: (all) => {
          if (all.some(foreign)) gathered.tell();
        },
        lost: (reason) => {
          log.write("warning", "events of nftables were lost, the table is built anew", { reason });
          gathered.tell();
          void open();
        },
      });
      if (closed) opened[Symbol.dispose]();
      else events = opened;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const retryInMilliseconds = retryMilliseconds;
      log.write("error", "the table cannot be watched, so it is built anew now and then", {
        reason,
        retryInMilliseconds,
      });
      gathered.tell();
      if (!closed) retry = setTimeout(() => void open(), retryMilliseconds);
    }
  }

  void open();
  return {
    [Symbol.dispose]() {
      closed = true;
      gathered[Symbol.dispose]();
      clearTimeout(retry);
      events?.[Symbol.dispose]();
    },
  };
}
