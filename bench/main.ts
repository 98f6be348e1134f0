#!/usr/bin/env bun
// What Tortie costs, measured and judged: bun run bench --help
import { writeFileSync } from "node:fs";
import { errorCode } from "../model/error-code.ts";
import { readArguments, type BenchArguments } from "./arguments.ts";
import { type Goal, judgeGoal, resultsOf } from "./goal.ts";
import { GOALS } from "./goals.ts";
import { machineOfNow, machineText } from "./machine.ts";
import { MEASUREMENTS } from "./measurements.ts";
import { writePerformancePage } from "./page/performance-page.ts";
import { type Measured, runMeasurements } from "./run-measurements.ts";
import { formatValue } from "./format-value.ts";
import { labelText, textTable } from "./text-table.ts";

function say(text: string): void {
  process.stderr.write(text);
}

function goalText(goal: Goal, measured: Measured): string {
  const verdict = judgeGoal(goal, measured);
  const found = resultsOf(goal, measured.results).map(({ labels, unit, p50, p99, n }) => {
    const values =
      n === 1 ? formatValue(p50, unit) : `p50 ${formatValue(p50, unit)}, p99 ${formatValue(p99, unit)}`;
    return `      ${labelText(labels)}: ${values}\n`;
  });
  return `  ${verdict.padEnd(20)} ${goal.text}\n${found.join("")}`;
}

function tell(measured: Measured): void {
  const { name, results, noise, seconds, failure } = measured;
  say(`\n${name}, ${seconds.toFixed(0)} s\n\n${textTable(results)}\n`);
  if (noise.kind === "noisy") say(`The machine was noisy: ${noise.found}.\n`);
  for (const goal of GOALS) if (goal.measurement === name) say(goalText(goal, measured));
  if (failure !== undefined) say(`${name} failed: ${failure}\n`);
}

/** Asked before minutes of measuring, not after them. */
function canWrite(file: string): boolean {
  try {
    writeFileSync(file, "", { flag: "a" });
    return true;
  } catch (error) {
    say(
      `bench: cannot write ${file}: ${errorCode(error) ?? String(error)}; next: --json with a file in a directory that is there\n`,
    );
    return false;
  }
}

/** Exit code: 1 where a measurement failed. A missed goal is a finding, no failure. */
async function bench({ measurements, full, json, page }: BenchArguments): Promise<number> {
  if (process.geteuid?.() !== 0) {
    say("bench: network namespaces take root; next: sudo script/bun run bench\n");
    return 1;
  }
  if (json !== undefined && json !== "-" && !canWrite(json)) return 1;
  const machine = machineOfNow();
  say(`${machineText(machine)}\n`);
  const all: Measured[] = [];
  const progress = (text: string): void => say(`  ${text}\n`);
  for await (const measured of runMeasurements({ measurements, full, progress })) {
    tell(measured);
    all.push(measured);
  }
  const results = all.flatMap((measured) => measured.results);
  const text = `${JSON.stringify(results, undefined, 2)}\n`;
  if (json === "-") process.stdout.write(text);
  else if (json !== undefined) writeFileSync(json, text);
  const failed = all.some(({ failure }) => failure !== undefined);
  if (page && !failed) writePerformancePage({ machine, full, measured: all });
  return failed ? 1 : 0;
}

const read = readArguments(process.argv.slice(2), MEASUREMENTS);
switch (read.kind) {
  case "help":
    process.stdout.write(read.text);
    break;
  case "wrong":
    say(`bench: ${read.text}\n`);
    process.exitCode = 1;
    break;
  case "run":
    process.exitCode = await bench(read.asked);
    break;
}
