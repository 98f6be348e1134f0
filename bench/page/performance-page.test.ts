import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { resultsOf } from "../goal.ts";
import { GOALS } from "../goals.ts";
import { MEASUREMENTS } from "../measurements.ts";
import { performanceCharts, performancePage, readPerformance } from "./performance-page.ts";
import { SECTIONS } from "./sections.ts";

const DOCS = new URL("../../docs/", import.meta.url);

test("docs/performance.md is what its figures make of it", () => {
  const { run, results } = readPerformance();
  expect(readFileSync(new URL("performance.md", DOCS), "utf8")).toBe(performancePage(run, results));
});

test("the pictures are what their figures make of them, and no others are there", () => {
  const { run, results } = readPerformance();
  const charts = performanceCharts(run, results);
  for (const { name, svg } of charts) {
    expect(readFileSync(new URL(`performance/${name}.svg`, DOCS), "utf8")).toBe(svg);
  }
  const pictures = readdirSync(new URL("performance/", DOCS)).filter((name) => name.endsWith(".svg"));
  expect(pictures.toSorted()).toEqual(charts.map(({ name }) => `${name}.svg`).toSorted());
});

test("the run measured everything that there is, and the page shows all of it", () => {
  const { run, results } = readPerformance();
  const names = MEASUREMENTS.map(({ name }) => name);
  expect(run.measurements.map(({ name }) => name)).toEqual(names);
  expect(SECTIONS.map(({ measurement }) => measurement).toSorted()).toEqual(names.toSorted());
  expect(run.measurements.reduce((sum, { figures }) => sum + figures, 0)).toBe(results.length);
});

test("every goal finds the figures that it judges", () => {
  const { results } = readPerformance();
  for (const goal of GOALS)
    expect([goal.text, resultsOf(goal, results).length]).toEqual([goal.text, goal.figures]);
});
