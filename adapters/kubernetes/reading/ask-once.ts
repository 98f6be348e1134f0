import { unreachable } from "../../../model/unreachable.ts";
import type { ApiStatus, Asked } from "../connection/api-status.ts";
import type { KubernetesClient } from "../connection/client.ts";
import { type Ending, endingOfCut, endingOfError } from "./ending.ts";
import { type Alarm, Exchange } from "./exchange.ts";
import type { Pace } from "./pace.ts";
import { asked, type WatchedResource } from "./watched-resource.ts";

/** A request beside all lists and watches, for what there is now: no version, and so no cache that may be behind. */
export interface Question {
  readonly client: KubernetesClient;
  /** What kind of object it is about; only its wanted fields are read. */
  readonly resource: WatchedResource;
  /** For example `/api/v1/namespaces/x/pods/a`. */
  readonly path: string;
  readonly pace: Pace;
  readonly stopping: AbortSignal;
}

export interface Unanswered {
  readonly kind: "failed";
  readonly because: string;
  readonly next: string;
  /** What the server answered instead, where it did. */
  readonly status?: ApiStatus;
}

/** Reads an answer's body. */
export type ReadAnswer<Answer> = (exchange: Exchange, alarms: () => readonly Alarm[]) => Promise<Answer>;

function unanswered(ending: Ending): Unanswered {
  switch (ending.kind) {
    case "disconnected":
    case "astray":
      return { kind: "failed", because: ending.found, next: ending.next };
    case "refused":
      return {
        kind: "failed",
        because: ending.status.found,
        next: ending.status.next,
        status: ending.status,
      };
    case "stopped":
      return { kind: "failed", because: "nobody waits for the answer any more", next: "nothing" };
    case "ended":
      // The server answers others: this connection was given up.
      return { kind: "failed", because: "the connection was given up", next: "nothing: it is tried again" };
    case "listed":
    case "current":
    case "quiet":
    case "impatient":
    case "expired":
    case "tooLarge":
      return { kind: "failed", because: `the question ended as ${ending.kind}`, next: "report it: a bug" };
    default:
      return unreachable(ending);
  }
}

/** Asks once; another try is the caller's. Never throws for what may mend itself. */
export async function askOnce<Answer>(
  { client, resource, path, pace, stopping }: Question,
  verb: Asked["verb"],
  read: ReadAnswer<Answer>,
): Promise<Answer | Unanswered> {
  using exchange = new Exchange({ client, pace, stopping });
  try {
    const status = await exchange.open({ path }, asked(verb, resource));
    if (status !== undefined) return unanswered({ kind: "refused", status });
    return await read(exchange, () => [{ at: exchange.heardAt + pace.longestAnswer, ring: "late" }]);
  } catch (error) {
    return unanswered(
      exchange.cut === undefined
        ? endingOfError(error, client.server)
        : endingOfCut(exchange.cut, client.server),
    );
  }
}
