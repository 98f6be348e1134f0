import { quantile } from "./result.ts";

/** Milliseconds that the same piece of work took, again and again: on a machine that nobody else uses, always the same. */
export interface Calibration {
  readonly milliseconds: readonly number[];
}

export type Noise =
  | { readonly kind: "quiet" }
  /** `found`: what shows that somebody else used the machine. */
  | { readonly kind: "noisy"; readonly found: string };

const ROUNDS = 100;
const TURNS = 400_000;
/** So much longer may the slowest tenth take than the median, and one calibration's median than another's. */
const SPREAD = 1.3;
const DRIFT = 1.15;

function work(): number {
  let value = 1;
  for (let turn = 0; turn < TURNS; turn++) value = (Math.imul(value, 1_664_525) + 1_013_904_223) | 0;
  return value;
}

/** Blocks for about a tenth of a second. */
export function calibrate(): Calibration {
  const milliseconds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now();
    work();
    milliseconds.push(performance.now() - began);
  }
  return { milliseconds };
}

/** Whether what was measured between these calibrations says something about the program. */
export function judgeNoise(calibrations: readonly Calibration[]): Noise {
  const medians = calibrations.map(({ milliseconds }) => quantile(milliseconds, 0.5));
  const spreads = calibrations.map(
    ({ milliseconds }, at) => quantile(milliseconds, 0.9) / (medians[at] ?? 1),
  );
  const spread = Math.max(...spreads);
  const drift = Math.max(...medians) / Math.min(...medians);
  if (spread > SPREAD)
    return {
      kind: "noisy",
      found: `a tenth of equal pieces of work took ${spread.toFixed(2)} times the median`,
    };
  if (drift > DRIFT)
    return {
      kind: "noisy",
      found: `equal work took ${drift.toFixed(2)} times as long at one end as at the other`,
    };
  return { kind: "quiet" };
}
