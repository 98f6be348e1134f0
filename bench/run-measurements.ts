import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, tortieEntrypoints } from "../compile.ts";
import { endWithChildren } from "./interruption.ts";
import { OWN_TARGET } from "./machine.ts";
import type { BenchContext, Measurement } from "./measurement.ts";
import { type Calibration, calibrate, judgeNoise, type Noise } from "./noise.ts";
import type { Result } from "./result.ts";

/** One measurement's figures, and what there is to say about them. */
export interface Measured {
  readonly name: string;
  readonly results: readonly Result[];
  readonly noise: Noise;
  readonly seconds: number;
  /** Why it ended before its end; undefined: it did not. */
  readonly failure: string | undefined;
}

export interface RunOptions {
  readonly measurements: readonly Measurement[];
  readonly full: boolean;
  readonly progress: (text: string) => void;
}

async function runOne(measurement: Measurement, context: BenchContext): Promise<Omit<Measured, "noise">> {
  const began = performance.now();
  const results: Result[] = [];
  let failure: string | undefined;
  try {
    for await (const result of measurement.run(context)) results.push(result);
  } catch (error) {
    failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  const seconds = (performance.now() - began) / 1_000;
  return { name: measurement.name, results, seconds, failure };
}

/** Runs one measurement after another. One that fails does not stop the others. */
export async function* runMeasurements({
  measurements,
  full,
  progress,
}: RunOptions): AsyncGenerator<Measured> {
  const directory = mkdtempSync(join(tmpdir(), "tortie-bench-"));
  const clear = (): void => rmSync(directory, { recursive: true, force: true });
  endWithChildren(clear);
  // Whatever anybody makes of temporary files is gone at the end, even if it could not clean up itself.
  process.env["TMPDIR"] = directory;
  let built: Promise<string> | undefined;
  const executable = (): Promise<string> => (built ??= build(OWN_TARGET, directory, tortieEntrypoints()));
  try {
    let before: Calibration = calibrate();
    for (const measurement of measurements) {
      const own = mkdtempSync(join(directory, `${measurement.name}-`));
      const context = { full, directory: own, executable, progress };
      const measured = await runOne(measurement, context);
      const after = calibrate();
      yield { ...measured, noise: judgeNoise([before, after]) };
      before = after;
    }
  } finally {
    clear();
  }
}
