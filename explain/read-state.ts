import type { Datastore, DatastoreEvent, DatastoreStatus } from "../adapters/datastore.ts";
import type { Problem } from "../model/problem.ts";
import { unreachable } from "../model/unreachable.ts";
import { type ClusterState, emptyClusterState, fold } from "../model/update.ts";

/** A datastore that could not be read whole in time. */
export class NotInSyncError extends Error {
  override readonly name = "NotInSyncError";
}

export interface ReadState {
  readonly state: ClusterState;
  readonly problems: readonly Problem[];
  /** What people must see of the datastore, in words. */
  readonly notices: readonly string[];
}

export interface ReadStateOptions {
  /** In all. */
  readonly milliseconds: number;
  /** Without a word from a datastore that says what keeps it from being read: a person is waiting too. */
  readonly waitingMilliseconds: number;
  /** Tells once, after this time without a word, that the datastore takes its time. */
  readonly slow?: (what: string) => void;
}

/** Everything that the datastore holds now. Throws NotInSyncError. */
export async function readState(
  datastore: Datastore,
  { milliseconds, waitingMilliseconds, slow }: ReadStateOptions,
): Promise<ReadState> {
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  const limit = setTimeout(stop, milliseconds);
  let patience: ReturnType<typeof setTimeout> | undefined;
  const state = emptyClusterState();
  let problems: readonly Problem[] = [];
  let notices: readonly string[] = [];
  let status: DatastoreStatus | undefined;
  let told = false;

  function lose({ for: what, causes }: Extract<DatastoreStatus, { kind: "waiting" }>): void {
    // A large cluster takes its time: nothing is amiss while no cause is told.
    if (causes?.length !== 0) return stop();
    if (!told) slow?.(what);
    told = true;
  }

  /** Whether everything is known. */
  function take(event: DatastoreEvent): boolean {
    switch (event.kind) {
      case "updates":
        for (const update of event.updates) fold(state, update);
        return false;
      case "problems":
        problems = event.problems;
        return false;
      case "status":
        status = event.status;
        return false;
      case "conditions":
        // Failures are about the agent's own node, which a question about any two pods is not.
        notices = event.conditions.flatMap(({ kind, text }) => (kind === "notice" ? [text] : []));
        return false;
      case "inSync":
        return true;
      default:
        return unreachable(event);
    }
  }

  try {
    for await (const event of datastore.watch(stopping.signal)) {
      if (take(event)) return { state, problems, notices };
      clearTimeout(patience);
      if (status?.kind === "waiting") patience = setTimeout(lose, waitingMilliseconds, status);
    }
  } finally {
    stop();
    clearTimeout(limit);
    clearTimeout(patience);
  }
  const found =
    status?.kind === "waiting" ? `waiting for ${status.for}; next: ${status.next}` : "no answer in time";
  throw new NotInSyncError(`the datastore could not be read: ${found}`);
}
