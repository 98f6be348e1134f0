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
  /** How many figures there must be: fewer, and a part was not measured. */
  readonly figures: number;
  /** The figure compares with something that noise slows, too: then it may flatter. */
  readonly compares: boolean;
  readonly reached: (result: Result) => boolean;
}

export type Verdict = "reached" | "missed" | "too noisy to judge" | "not measured";

/** One measurement, as far as its goals are concerned. */
export interface Judged {
  readonly results: readonly Result[];
  readonly noise: Noise | undefined;
  /** Why it ended before its end; undefined: it did not. */
  readonly failure: string | undefined;
}

function isMeant({ metric, labels }: Goal, result: Result): boolean {
  if (result.metric !== metric) return false;
  return Object.entries(labels).every(([name, value]) => result.labels[name] === value);
}

/** The figures that a goal is about. */
export function resultsOf(goal: Goal, results: readonly Result[]): Result[] {
  return results.filter((result) => isMeant(goal, result));
}

/** Noise makes a program look slower, never faster: what is reached in it is reached, unless it is a comparison. */
export function judgeGoal(goal: Goal, { results, noise, failure }: Judged): Verdict {
  const meant = resultsOf(goal, results);
  if (failure !== undefined || meant.length !== goal.figures) return "not measured";
  const isReached = meant.every(goal.reached);
  if (noise?.kind === "noisy" && (goal.compares || !isReached)) return "too noisy to judge";
  return isReached ? "reached" : "missed";
}
