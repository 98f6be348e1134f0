import { expect, test } from "bun:test";
import { figuresOf } from "./figures.ts";
import type { Round } from "./plan.ts";
import { POLICIES, tasksOf, VARIANTS } from "./variants.ts";

const tasks = tasksOf(VARIANTS, 1);

/** Each round is as fast as its factor says, whatever the table; ours takes a tenth away. */
const rounds: readonly Round[] = [1, 0.5, 2].map((factor) => ({
  rates: tasks.map(({ variant }) => 1_000 * factor * (VARIANTS[variant]?.table.kind === "tortie" ? 0.9 : 1)),
  user: 1,
  system: 3,
}));
const figures = figuresOf(VARIANTS, { tasks, processors: 1 }, rounds);

test("a ratio compares within its round: how fast the machine was meanwhile is not in it", () => {
  const ours = figures.filter(
    ({ metric, labels }) => metric === "packet_path_ratio" && labels["table"] === "tortie",
  );
  expect(ours.length).toBeGreaterThanOrEqual(2 * POLICIES.length);
  for (const { p50, p99, n } of ours) expect([p50, p99, n]).toEqual([0.9, 0.9, 3]);
});

test("the established table has no ratio to itself, and one to its double", () => {
  const ratios = figures.filter(({ metric }) => metric === "packet_path_ratio");
  const tables = ratios.map(({ labels }) => labels["table"]);
  expect(tables).not.toContain("established");
  expect(
    ratios.filter(({ labels }) => labels["table"] === "established-again").map(({ p50 }) => p50),
  ).toEqual([1, 1]);
});

test("throughput is told in bits, and no figure has the labels of another", () => {
  const none = { table: "none", policies: "0", family: "ipv4", processors: "1" };
  expect(figures).toContainEqual({
    metric: "packet_path_throughput_bits_per_second",
    labels: none,
    unit: "bitsPerSecond",
    p50: 8_000,
    p99: 16_000,
    n: 3,
  });
  const keys = figures.map(({ metric, labels }) => metric + JSON.stringify(labels));
  expect(new Set(keys).size).toBe(keys.length);
});

test("the load's own share is told", () => {
  expect(figures.at(-1)).toMatchObject({ metric: "packet_path_load_user_ratio", p50: 0.25 });
});
