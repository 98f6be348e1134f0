import { setTimeout as pause } from "node:timers/promises";
import type { PodLookUp } from "../../adapters/datastore.ts";
import type { LookedUp } from "./waits-for.ts";

export interface KeepAskingOptions {
  readonly lookUp: (wanted: AbortSignal) => Promise<PodLookUp>;
  /** Fires when nobody wants to know any more; nothing is told from then on. */
  readonly wanted: AbortSignal;
  readonly told: (looked: LookedUp) => void;
  /** For how long the first look-up is no news, in milliseconds. */
  readonly silence: number;
  /** From an answer to the next question, in milliseconds. */
  readonly again: number;
}

/**
 * Looks a pod up again and again, and tells what came of it: that the first answer takes long, and each answer but one that says
 * less than an earlier one, which was read.
 */
export async function keepAsking({ lookUp, wanted, told, silence, again }: KeepAskingOptions): Promise<void> {
  let last: PodLookUp | undefined;
  const timer = setTimeout(() => {
    if (last === undefined && !wanted.aborted) told({ kind: "unanswered" });
  }, silence);
  while (!wanted.aborted) {
    const found = await lookUp(wanted);
    clearTimeout(timer);
    if (wanted.aborted) return;
    if (found.kind !== "unreadable" || last === undefined || last.kind === "unreadable") told(found);
    if (found.kind !== "unreadable" || last === undefined) last = found;
    await pause(again, undefined, { signal: wanted, ref: false }).catch(() => undefined);
  }
  clearTimeout(timer);
}
