import type { DatastoreStatus } from "../adapters/datastore.ts";
import { unreachable } from "../model/unreachable.ts";
import type { Log } from "./log.ts";

export interface StatusLogOptions {
  readonly log: Log;
  /** From a cause that is new to its line: what it befalls is named in one. */
  readonly gatherMilliseconds?: number;
}

/** Causes that are told apart; more are those whose words have numbers in them that change. */
const MOST_TOLD = 100;

/** Logs how well the datastore can be read. Disposing writes what was gathered. */
export interface StatusLog extends Disposable {
  take(status: DatastoreStatus): void;
}

/**
 * Every status counts for readiness; a log of them would have a line for each list that came and for each watch that broke
 * off. So a line is written when the kind changes or a cause comes up that was not told since. The first reading, which
 * takes its time and wants nothing, is no warning.
 */
export function createStatusLog({ log, gatherMilliseconds = 100 }: StatusLogOptions): StatusLog {
  let kind: DatastoreStatus["kind"] | undefined;
  const told = new Set<string>();
  let gathered: DatastoreStatus | undefined;
  let gathering: ReturnType<typeof setTimeout> | undefined;

  function write(status: DatastoreStatus): void {
    switch (status.kind) {
      case "connected":
        return log.write("info", "datastore connected");
      case "waiting": {
        const level = status.causes?.length === 0 ? "info" : "warning";
        return log.write(level, "datastore waits", { for: status.for, next: status.next });
      }
      case "stale": {
        const { since, because, next } = status;
        return log.write("warning", "datastore stale", { since: since.toISOString(), because, next });
      }
      default:
        return unreachable(status);
    }
  }

  function flush(): void {
    clearTimeout(gathering);
    gathering = undefined;
    if (gathered !== undefined) write(gathered);
    gathered = undefined;
  }

  return {
    take(status) {
      const causes = status.kind === "connected" ? undefined : status.causes;
      const isOther = status.kind !== kind;
      if (isOther) {
        flush();
        told.clear();
      }
      kind = status.kind;
      const fresh = (causes ?? []).filter((cause) => !told.has(cause));
      if (told.size > MOST_TOLD) told.clear();
      for (const cause of fresh) told.add(cause);
      if (causes === undefined || (isOther && causes.length === 0)) {
        flush();
        write(status);
      } else if (fresh.length > 0) {
        gathered = status;
        gathering ??= setTimeout(flush, gatherMilliseconds);
      } else if (gathered !== undefined && causes.length > 0) {
        // The same cause, and more that it befalls.
        gathered = status;
      }
    },
    [Symbol.dispose]: flush,
  };
}
