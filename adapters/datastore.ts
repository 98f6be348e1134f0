import type { Address } from "../model/address.ts";
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

/** What one question for one pod came to. */
export type PodLookUp =
  /** It was told among the updates; `uids`: what its runtime may call it, the datastore's own UID first. */
  | { readonly kind: "found"; readonly uids: readonly string[] }
  /** There is no such pod, or it has ended for good. */
  | { readonly kind: "absent" }
  | { readonly kind: "unreadable"; readonly because: string; readonly next: string };

/** What the plugin gave a pod, for others to read. */
export interface PodAnnotation {
  readonly namespace: string;
  readonly pod: string;
  /** The datastore's own UID of the pod: another pod of the same name is left alone. */
  readonly uid: string;
  /** Empty: it has none any more, and whose it was stays written. */
  readonly addresses: readonly Address[];
  readonly containerId: string;
}

export type Annotated =
  | { readonly kind: "annotated" }
  /** There is no such pod any more. */
  | { readonly kind: "gone" }
  /** The account has no right to it, or none that is bound to this node; nobody said it should, and it may be otherwise later. */
  | { readonly kind: "notAllowed"; readonly because: string; readonly next: string }
  | { readonly kind: "failed"; readonly because: string; readonly next: string };

/**
 * A source of current truth: it may skip, repeat and rewind, and what it said last is true.
 * `noticedAt` is in milliseconds of performance.now(): when the change was first seen.
 */
export interface Datastore {
  /** Ends when `stopping` fires; never throws for something that can mend itself. */
  watch(stopping: AbortSignal): AsyncIterable<DatastoreEvent>;
  /**
   * Asks for one pod at once, for a runtime may start it before it was told, and then for what decides about it: its namespace and
   * the policies there. All that is found has been told to everybody who watches, in one step, before the promise resolves; where
   * any of it cannot be read, the pod is not told. It never rejects. Missing where there is nothing to ask: a directory of manifests
   * is read whole with each change, and a file that is being written is no answer yet.
   */
  lookUp?(namespace: string, pod: string, signal: AbortSignal): Promise<PodLookUp>;
  /** Writes addresses and container to the pod, once and without another try; it never rejects. Missing where nobody would read it. */
  annotate?(annotation: PodAnnotation, signal: AbortSignal): Promise<Annotated>;
}
