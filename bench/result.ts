/** How a value is to be read. */
export type Unit = "seconds" | "bytes" | "perSecond" | "bitsPerSecond" | "ratio" | "count";

/** One figure of a run. Labels say at which size, by which writer: figures of one metric differ in them. */
export interface Result {
  /** The name that perf-tests of Kubernetes has for it, where it has one. */
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly unit: Unit;
  readonly p50: number;
  readonly p99: number;
  /** Samples. With one, p50 and p99 are that sample. */
  readonly n: number;
}

/** The smallest sample that `share` of all do not exceed (nearest rank). NaN without samples, and if one of them is. */
export function quantile(samples: readonly number[], share: number): number {
  if (samples.some(Number.isNaN)) return Number.NaN;
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** A figure of samples in the metric's unit. */
export function resultOf(
  what: Pick<Result, "metric" | "labels" | "unit">,
  samples: readonly number[],
): Result {
  return { ...what, p50: quantile(samples, 0.5), p99: quantile(samples, 0.99), n: samples.length };
}
