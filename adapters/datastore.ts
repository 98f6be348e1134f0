import type { Problem } from "../model/problem.ts";
import type { Update } from "../model/update.ts";

/** What may be said of a status that is made of several: the log tells each cause once, whomever it befalls. */
interface Causes {
  /** What is wrong, in words that name no part. Empty: nothing is, it takes its time. Undefined: there are no parts. */
  readonly causes?: readonly string[];
}

/** How well the datastore can be read at this moment. */
export type DatastoreStatus =
  | { readonly kind: "connected" }
  /** Never read whole so far. */
  | ({ readonly kind: "waiting"; readonly for: string; readonly next: string } & Causes)
  /** Was read whole; what is known is kept until it can be read again. */
  | ({
      readonly kind: "stale";
      readonly since: Date;
      readonly because: string;
      readonly next: string;
    } & Causes);

/** Something about the datastore or this node's place in it that people must see. */
export interface Condition {
  /** `failure`: the node is not ready while it holds. `notice`: it is shown, and nothing else. */
  readonly kind: "failure" | "notice";
  /** What was found and what to do next. */
  readonly text: string;
}

export type DatastoreEvent =
  /** Changes that belong together. Deletes come in the same event as what replaces them. */
  | { readonly kind: "updates"; readonly updates: readonly Update[]; readonly noticedAt: number }
  /** Once, after the first whole reading. */
  | { readonly kind: "inSync" }
  /** All problems there are now, not only the new ones. */
  | { readonly kind: "problems"; readonly problems: readonly Problem[] }
  | { readonly kind: "status"; readonly status: DatastoreStatus }
  /** All conditions there are now, not only the new ones. */
  | { readonly kind: "conditions"; readonly conditions: readonly Condition[] };

/**
 * A source of current truth: it may skip, repeat and rewind, and what it said last is true.
 * `noticedAt` is in milliseconds of performance.now(): when the change was first seen.
 */
export interface Datastore {
  /** Ends when `stopping` fires; never throws for something that can mend itself. */
  watch(stopping: AbortSignal): AsyncIterable<DatastoreEvent>;
}
