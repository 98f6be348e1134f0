import { type Result, resultOf } from "../result.ts";

/** One time that the event loop did not turn. */
export interface LoopGap {
  /** When it ended, in milliseconds since 1970. */
  readonly at: number;
  readonly milliseconds: number;
}

/** How late the event loop came to a timer, over some time. */
export interface LoopGaps {
  /** Times that the clock looked, by how late that was: each bucket a tenth of a millisecond, the last one all the rest. */
  readonly counts: readonly number[];
  /** Milliseconds. */
  readonly longest: number;
  /** How many were longer than 20 ms. */
  readonly over20: number;
  /** Those of more than 5 ms, oldest first; 10,000 at most. */
  readonly gaps: readonly LoopGap[];
}

export const BUCKET_MILLISECONDS = 0.1;
export const BUCKETS = 10_000;
export const LONG_MILLISECONDS = 20;

export function joinedGaps(parts: readonly LoopGaps[]): LoopGaps {
  return {
    counts: Array.from({ length: BUCKETS }, (_, at) =>
      parts.reduce((sum, { counts }) => sum + (counts[at] ?? 0), 0),
    ),
    longest: Math.max(0, ...parts.map(({ longest }) => longest)),
    over20: parts.reduce((sum, { over20 }) => sum + over20, 0),
    gaps: parts.flatMap(({ gaps }) => gaps),
  };
}

/** Milliseconds below which that share of the looks was late. */
function quantileOf({ counts, longest }: LoopGaps, looks: number, share: number): number {
  let left = looks * share;
  for (const [bucket, count] of counts.entries()) {
    left -= count;
    if (left < 0) return Math.min(longest, (bucket + 0.5) * BUCKET_MILLISECONDS);
  }
  return longest;
}

/** The figures of an event loop: the longest gap decides, the other two say how usual it is. */
export function loopResults(gaps: LoopGaps, labels: Result["labels"]): readonly Result[] {
  const looks = gaps.counts.reduce((sum, count) => sum + count, 0);
  const late = (share: number): number => quantileOf(gaps, looks, share) / 1_000;
  return [
    { metric: "event_loop_gap_seconds", labels, unit: "seconds", p50: late(0.5), p99: late(0.99), n: looks },
    resultOf({ metric: "event_loop_longest_gap_seconds", labels, unit: "seconds" }, [gaps.longest / 1_000]),
    resultOf({ metric: "event_loop_gaps_over_20ms", labels, unit: "count" }, [gaps.over20]),
  ];
}

/** The longest ones in words, `from` a moment in milliseconds since 1970. */
export function gapsText({ gaps }: LoopGaps, from: number): string {
  const longest = gaps.toSorted((a, b) => b.milliseconds - a.milliseconds).slice(0, 8);
  const texts = longest.map(
    ({ at, milliseconds }) => `${milliseconds.toFixed(0)} ms at ${((at - from) / 1_000).toFixed(2)} s`,
  );
  return texts.length === 0 ? "none above 5 ms" : texts.join(", ");
}
