import type { Pace } from "./pace.ts";

/** How long to wait after failures in a row: full jitter, so that agents that failed together do not return together. */
export interface BackOff {
  /** Milliseconds to wait now; the next wait may be twice as long. */
  next(): number;
  /** What failed is well again. */
  reset(): void;
}

export function createBackOff({ random, firstBackOff, longestBackOff }: Pace): BackOff {
  let most = firstBackOff;
  return {
    next() {
      const wait = random() * most;
      most = Math.min(2 * most, longestBackOff);
      return wait;
    },
    reset() {
      most = firstBackOff;
    },
  };
}
