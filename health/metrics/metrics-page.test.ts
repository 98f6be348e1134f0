import { expect, test } from "bun:test";
import { METRICS } from "./metric-rows.ts";
import { metricsPage } from "./metrics-page.ts";

test("docs/metrics.md is what `bun health/metrics/metrics-page.ts` makes of the table", async () => {
  const page = await Bun.file(new URL("../../docs/metrics.md", import.meta.url)).text();
  expect(page).toBe(metricsPage());
});

test("every metric has a name of its own, Felix's, ours or a process', and a sentence", () => {
  const names = METRICS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { name, help } of METRICS) {
    expect(name).toMatch(/^(felix|tortie|process)_[a-z_]+$/);
    expect(help).toMatch(/^[A-Z0-9].*\.$/);
  }
});
