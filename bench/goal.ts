import type { Noise } from "./noise.ts";
import type { Result } from "./result.ts";

/** Something that the figures of one measurement must show. */
export interface Goal {
  /** Whose figures are looked at. */
  readonly measurement: string;
  readonly text: string;
  readonly metric: string;
  /** Every figure of the metric with these labels is held against the goal. */
  readonly labels: Result["labels"];
  readonly reached: (result: Result) => boolean;
}

export type Verdict = "reached" | "missed" | "too noisy to judge" | "not measured";

function isMeant({ metric, labels }: Goal, result: Result): boolean {
  if (result.metric !== metric) return false;
  return Object.entries(labels).every(([name, value]) => result.labels[name] === value);
}

/** The figures that a goal is about. */
export function resultsOf(goal: Goal, results: readonly Result[]): Result[] {
  return results.filter((result) => isMeant(goal, result));
}

/** Noise makes a program look slower, never faster: what is reached in it is reached. */
export function judgeGoal(goal: Goal, results: readonly Result[], noise: Noise | undefined): Verdict {
  const meant = resultsOf(goal, results);
  if (meant.length === 0) return "not measured";
  if (meant.every(goal.reached)) return "reached";
  return noise?.kind === "noisy" ? "too noisy to judge" : "missed";
}
