import { BUCKET_MILLISECONDS, BUCKETS, LONG_MILLISECONDS, type LoopGap, type LoopGaps } from "./loop-gaps.ts";

export interface LoopClock {
  /** What happened since the last call. */
  take(): LoopGaps;
}

const EVERY_MILLISECONDS = 2;
const TOLD_MILLISECONDS = 5;
const MOST_TOLD = 10_000;

/** Begins to look at the clock every 2 ms; nothing is kept of a look but a count. */
export function startLoopClock(): LoopClock {
  const counts = new Uint32Array(BUCKETS);
  let gaps: LoopGap[] = [];
  let [over20, longest] = [0, 0];
  let last = performance.now();

  setInterval(() => {
    const now = performance.now();
    const late = Math.max(0, now - last - EVERY_MILLISECONDS);
    last = now;
    const bucket = Math.min(BUCKETS - 1, Math.floor(late / BUCKET_MILLISECONDS));
    counts[bucket] = (counts[bucket] ?? 0) + 1;
    longest = Math.max(longest, late);
    if (late > LONG_MILLISECONDS) over20++;
    if (late <= TOLD_MILLISECONDS || gaps.length >= MOST_TOLD) return;
    gaps.push({ at: performance.timeOrigin + now, milliseconds: late });
  }, EVERY_MILLISECONDS).unref();

  return {
    take() {
      const taken = { counts: [...counts], longest, over20, gaps };
      counts.fill(0);
      gaps = [];
      [over20, longest] = [0, 0];
      return taken;
    },
  };
}
