import type { Problem } from "../model/problem.ts";
import { type ClusterState, emptyClusterState } from "../model/update.ts";
import type { DatastoreEvent, DatastoreStatus } from "./datastore.ts";
import { differences } from "./differences.ts";

/** Everything a datastore holds. */
export interface Content {
  readonly state: ClusterState;
  readonly problems: readonly Problem[];
}

/** Remembers what one reader has been told, and finds what is new to him. */
export interface Teller {
  readonly inSync: boolean;
  /** The content of a whole reading: the store is connected, and in sync from the first time on. */
  whole(content: Content, noticedAt: number): DatastoreEvent[];
  /** The content of a reading that is not whole, with what is missing. */
  partial(content: Content, noticedAt: number, status: DatastoreStatus): DatastoreEvent[];
  status(status: DatastoreStatus): DatastoreEvent[];
}

export function createTeller(): Teller {
  let state: ClusterState = emptyClusterState();
  let problems: readonly Problem[] = [];
  let status: DatastoreStatus | undefined;
  let inSync = false;

  function tellStatus(next: DatastoreStatus): DatastoreEvent[] {
    // `since` is the time of the look; the trouble is the same.
    if (Bun.deepEquals({ ...status, since: 0 }, { ...next, since: 0 })) return [];
    status = next;
    return [{ kind: "status", status }];
  }

  function tellContent(content: Content, noticedAt: number): DatastoreEvent[] {
    const events: DatastoreEvent[] = [];
    const updates = differences(state, content.state);
    state = content.state;
    if (updates.length > 0) events.push({ kind: "updates", updates, noticedAt });
    if (Bun.deepEquals(problems, content.problems, true)) return events;
    problems = content.problems;
    return [...events, { kind: "problems", problems }];
  }

  return {
    get inSync() {
      return inSync;
    },
    status: tellStatus,
    partial: (content, noticedAt, because) => [...tellContent(content, noticedAt), ...tellStatus(because)],
    whole(content, noticedAt) {
      const events = [...tellContent(content, noticedAt), ...tellStatus({ kind: "connected" })];
      if (inSync) return events;
      inSync = true;
      return [...events, { kind: "inSync" }];
    },
  };
}
