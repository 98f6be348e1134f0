import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { formatValue } from "../format-value.ts";
import { type Goal, judgeGoal, resultsOf } from "../goal.ts";
import { GOALS } from "../goals.ts";
import { type Machine, machineText } from "../machine.ts";
import type { Noise } from "../noise.ts";
import type { Result } from "../result.ts";
import type { Measured } from "../run-measurements.ts";
import { labelText } from "../text-table.ts";
import type { Chart, Section } from "./section.ts";
import { SECTIONS } from "./sections.ts";

/** What is known of a run beside its figures: docs/performance/run.json. */
export interface Run {
  readonly machine: Machine;
  readonly full: boolean;
  /** In the order of the figures, of which each has so many. */
  readonly measurements: readonly {
    readonly name: string;
    readonly figures: number;
    readonly noise: Noise;
    readonly seconds: number;
  }[];
}

const HEAD = `# Performance

<!-- Made by \`bun run bench --page\`. The words are in bench/page/, the figures in docs/performance/results.json. -->

What Tortie costs, measured by a command that anyone can run, as root and with nothing else running on the machine:

    sudo script/bun run bench

It takes some minutes. \`--only NAME\` runs one measurement, \`--full\` the large sizes and the long times too, \`--json FILE\` writes the figures as a
list of \`{metric, labels, unit, p50, p99, n}\`, \`--help\` lists the rest.

Machines differ, so figures are compared inside one run: with the kernel alone, with the API server's own watch, with other
programs that do the same. Before and after each measurement the same piece of work is timed; where that differs, the bench says
that the machine was too noisy to judge: a goal that was missed, or one that compares with something that noise slows, too. \`p50\` is the median, \`p99\` the value that one sample in a
hundred exceeds, \`n\` the number of samples.
`;

function goalRow(goal: Goal, results: readonly Result[], noise: Noise | undefined): string {
  const found = resultsOf(goal, results)
    .map(({ unit, p50, p99, n }) =>
      n === 1 ? formatValue(p50, unit) : `p50 ${formatValue(p50, unit)}, p99 ${formatValue(p99, unit)}`,
    )
    .join("; ");
  return `| ${goal.text} | ${found} | ${judgeGoal(goal, { results, noise, failure: undefined })} |\n`;
}

function resultRows(results: readonly Result[]): string {
  return results
    .map(({ metric, labels, unit, p50, p99, n }) => {
      const most = n === 1 ? "" : formatValue(p99, unit);
      return `| \`${metric}\` | ${labelText(labels)} | ${formatValue(p50, unit)} | ${most} | ${n} |\n`;
    })
    .join("");
}

function sectionText(section: Section, results: readonly Result[], noise: Noise | undefined): string {
  const goals = GOALS.filter(({ measurement }) => measurement === section.measurement);
  const judged = goals.map((goal) => goalRow(goal, results, noise)).join("");
  const charts = section.charts(results).map(({ name, words }) => `![${words}](performance/${name}.svg)\n`);
  const noisy = noise?.kind === "noisy" ? `The machine was noisy: ${noise.found}.\n` : "";
  return [
    `## ${section.title}\n`,
    `${section.how.trim()}\n`,
    ...(judged === "" ? [] : [`| goal | found | |\n| --- | --- | --- |\n${judged}`]),
    ...charts,
    ...(section.reading === "" ? [] : [`${section.reading.trim()}\n`]),
    ...(noisy === "" ? [] : [noisy]),
    `<details><summary>All figures</summary>\n`,
    `| metric | | p50 | p99 | n |\n| --- | --- | --- | --- | --- |\n${resultRows(results)}`,
    "</details>\n",
  ].join("\n");
}

/** The run's figures, measurement by measurement: the list has them in this order. */
function byMeasurement({ measurements }: Run, results: readonly Result[]): Map<string, readonly Result[]> {
  let start = 0;
  return new Map(
    measurements.map(({ name, figures }) => {
      const own = results.slice(start, start + figures);
      start += figures;
      return [name, own];
    }),
  );
}

/** The text of docs/performance.md. */
export function performancePage(run: Run, results: readonly Result[]): string {
  const figures = byMeasurement(run, results);
  const seconds = run.measurements.reduce((sum, one) => sum + one.seconds, 0);
  const size = run.full ? ", with `--full`" : "";
  const measured = `The figures below: ${machineText(run.machine)}; ${Math.round(seconds / 60)} minutes${size}.\n`;
  const sections = SECTIONS.map((section) => {
    const noise = run.measurements.find(({ name }) => name === section.measurement)?.noise;
    return sectionText(section, figures.get(section.measurement) ?? [], noise);
  });
  return [HEAD, measured, ...sections].join("\n");
}

/** The pictures of docs/performance. */
export function performanceCharts(run: Run, results: readonly Result[]): readonly Chart[] {
  const figures = byMeasurement(run, results);
  return SECTIONS.flatMap((section) => section.charts(figures.get(section.measurement) ?? []));
}

const DOCS = new URL("../../docs/", import.meta.url);

/** Writes docs/performance.md, its pictures and the figures that both were made of. */
export function writePerformancePage({
  machine,
  full,
  measured,
}: Pick<Run, "machine" | "full"> & { readonly measured: readonly Measured[] }): void {
  const results = measured.flatMap((one) => one.results);
  const run: Run = {
    machine,
    full,
    measurements: measured.map((one) => ({
      name: one.name,
      figures: one.results.length,
      noise: one.noise,
      seconds: Math.round(one.seconds),
    })),
  };
  const directory = new URL("performance/", DOCS);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  writeFileSync(new URL("results.json", directory), `${JSON.stringify(results, undefined, 2)}\n`);
  writeFileSync(new URL("run.json", directory), `${JSON.stringify(run, undefined, 2)}\n`);
  drawPerformancePage();
}

/** Draws page and pictures anew from the figures of the last run: after a change to the words. */
export function drawPerformancePage(): void {
  const directory = new URL("performance/", DOCS);
  const { run, results } = readPerformance();
  for (const { name, svg } of performanceCharts(run, results)) {
    writeFileSync(new URL(`${name}.svg`, directory), svg);
  }
  writeFileSync(new URL("performance.md", DOCS), performancePage(run, results));
}

/** What docs/performance holds: written by `writePerformancePage`. */
export function readPerformance(): { readonly run: Run; readonly results: readonly Result[] } {
  const json = (name: string): unknown =>
    JSON.parse(readFileSync(new URL(`performance/${name}`, DOCS), "utf8"));
  return { run: json("run.json") as Run, results: json("results.json") as readonly Result[] };
}

if (import.meta.main) drawPerformancePage();
