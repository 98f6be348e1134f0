import { type Result, resultOf } from "../result.ts";
import type { Round } from "./plan.ts";
import { labelsOf, type Task, type Variant, type Work } from "./variants.ts";

const METRICS = {
  throughput: { metric: "packet_path_throughput_bits_per_second", unit: "bitsPerSecond" },
  connections: { metric: "packet_path_connections_per_second", unit: "perSecond" },
} as const;
const FACTORS: Readonly<Record<Work, number>> = { throughput: 8, connections: 1 };

/** What was measured together. */
export interface Measured {
  readonly tasks: readonly Task[];
  readonly processors: 1 | 2;
}

/** Rates of every task; of those beside the established table also the ratios to it, each within its own round. */
export function figuresOf(
  variants: readonly Variant[],
  { tasks, processors }: Measured,
  rounds: readonly Round[],
): Result[] {
  const samples = (at: number): number[] => rounds.map(({ rates }) => rates[at] ?? Number.NaN);
  const labels = (task: Task): Record<string, string> => ({
    ...labelsOf(variants, task),
    processors: String(processors),
  });
  const rivals = (task: Task, again: boolean): number =>
    tasks.findIndex(
      ({ variant, work, family }) =>
        work === task.work &&
        family === task.family &&
        variants[variant]?.table.kind === "established" &&
        variants[variant]?.again === again,
    );
  const rates = tasks.map((task, at) =>
    resultOf(
      { ...METRICS[task.work], labels: labels(task) },
      samples(at).map((rate) => rate * FACTORS[task.work]),
    ),
  );
  const ratios = tasks.flatMap((task, at): Result[] => {
    const [first, again] = [rivals(task, false), rivals(task, true)];
    if (first < 0 || at === first) return [];
    // The mean of both is a steadier base; the second beside the first alone tells the noise.
    const bases = again < 0 || at === again ? [samples(first)] : [samples(first), samples(again)];
    const base = (round: number): number =>
      bases.reduce((sum, one) => sum + (one[round] ?? Number.NaN), 0) / bases.length;
    const what = {
      metric: "packet_path_ratio",
      labels: { of: task.work, ...labels(task) },
      unit: "ratio",
    } as const;
    return [
      resultOf(
        what,
        samples(at).map((rate, round) => rate / base(round)),
      ),
    ];
  });
  // What the load itself takes is not the kernel's: the more, the better every ratio looks than the path is.
  const load = resultOf(
    { metric: "packet_path_load_user_ratio", labels: { processors: String(processors) }, unit: "ratio" },
    rounds.map(({ user, system }) => user / (user + system)),
  );
  return [...rates, ...ratios, load];
}
