import type { Result } from "../result.ts";

/** A picture of some figures. */
export interface Chart {
  /** Its file in docs/performance, without `.svg`. */
  readonly name: string;
  /** What people who do not see it read instead. */
  readonly words: string;
  readonly svg: string;
}

/** What docs/performance.md says of one measurement. */
export interface Section {
  readonly measurement: string;
  readonly title: string;
  /** How it is measured, in Markdown. */
  readonly how: string;
  /** Pictures of the figures that are there. */
  readonly charts: (results: readonly Result[]) => readonly Chart[];
  /** How to read what was found, in Markdown; empty: the figures say it. */
  readonly reading: string;
}

/** The figures of one metric that have these labels. */
export function figures(
  results: readonly Result[],
  metric: string,
  labels: Result["labels"] = {},
): readonly Result[] {
  return results.filter(
    (result) =>
      result.metric === metric &&
      Object.entries(labels).every(([name, value]) => result.labels[name] === value),
  );
}
