import type { Problem } from "../model/problem.ts";
import type { Update } from "../model/update.ts";

/** How well the datastore can be read at this moment. */
export type DatastoreStatus =
  | { readonly kind: "connected" }
  /** Never read whole so far. */
  | { readonly kind: "waiting"; readonly for: string; readonly next: string }
  /** Was read whole; what is known is kept until it can be read again. */
  | { readonly kind: "stale"; readonly since: Date; readonly because: string; readonly next: string };

export type DatastoreEvent =
  /** Changes that belong together. Deletes come in the same event as what replaces them. */
  | { readonly kind: "updates"; readonly updates: readonly Update[]; readonly noticedAt: number }
  /** Once, after the first whole reading. */
  | { readonly kind: "inSync" }
  /** All problems there are now, not only the new ones. */
  | { readonly kind: "problems"; readonly problems: readonly Problem[] }
  | { readonly kind: "status"; readonly status: DatastoreStatus };

/**
 * A source of current truth: it may skip, repeat and rewind, and what it said last is true.
 * `noticedAt` is in milliseconds of performance.now(): when the change was first seen.
 */
export interface Datastore {
  /** Ends when `stopping` fires; never throws for something that can mend itself. */
  watch(stopping: AbortSignal): AsyncIterable<DatastoreEvent>;
}
