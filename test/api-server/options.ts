import type { FieldOrder } from "./list.ts";

export interface ApiServerOptions {
  /**
   * Whether watches may ask for `sendInitialEvents` (default "served"); else the status of the refusal, or "ignored"
   * as by servers that do not know the word.
   */
  readonly streamingLists?: "served" | "ignored" | 400 | 422;
  /** Field labels that selectors may not name here, `spec.hostNetwork` for example. */
  readonly refusedFields?: readonly string[];
  /** How a watch hears that its version is too old (default "line": status 200 and an ERROR line). */
  readonly expired?: "line" | "status";
  /** Milliseconds in a second of timeoutSeconds (default 1,000). */
  readonly second?: number;
  readonly fieldOrder?: FieldOrder;
}
