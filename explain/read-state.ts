import type { Datastore, DatastoreStatus } from "../adapters/datastore.ts";
import type { Problem } from "../model/problem.ts";
import { type ClusterState, emptyClusterState, fold } from "../model/update.ts";

/** A datastore that could not be read whole in time. */
export class NotInSyncError extends Error {
  override readonly name = "NotInSyncError";
}

export interface ReadState {
  readonly state: ClusterState;
  readonly problems: readonly Problem[];
}

export interface ReadStateOptions {
  /** In all. */
  readonly milliseconds: number;
  /** Once the datastore says that it waits for something: a person is waiting too. */
  readonly waitingMilliseconds: number;
}

/** Everything that the datastore holds now. Throws NotInSyncError. */
export async function readState(
  datastore: Datastore,
  { milliseconds, waitingMilliseconds }: ReadStateOptions,
): Promise<ReadState> {
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  const timers = [setTimeout(stop, milliseconds)];
  const state = emptyClusterState();
  let problems: readonly Problem[] = [];
  let status: DatastoreStatus | undefined;
  let inSync = false;
  try {
    for await (const event of datastore.watch(stopping.signal)) {
      if (event.kind === "updates") for (const update of event.updates) fold(state, update);
      if (event.kind === "problems") problems = event.problems;
      if (event.kind === "status") {
        status = event.status;
        if (status.kind === "waiting") timers.push(setTimeout(stop, waitingMilliseconds));
      }
      if (event.kind === "inSync") {
        inSync = true;
        break;
      }
    }
  } finally {
    stop();
    for (const timer of timers) clearTimeout(timer);
  }
  if (inSync) return { state, problems };
  const found =
    status?.kind === "waiting" ? `waiting for ${status.for}; next: ${status.next}` : "no answer in time";
  throw new NotInSyncError(`the datastore could not be read: ${found}`);
}
