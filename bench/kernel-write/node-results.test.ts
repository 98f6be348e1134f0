import { expect, test } from "bun:test";
import type { MeasuredNode } from "./measured-node.ts";
import { growthResults, nodeResults } from "./node-results.ts";
import type { Writer } from "./replayers.ts";
import type { Samples } from "./sampling.ts";

function node(seconds: Partial<Record<Writer, number>>): MeasuredNode {
  const samples = new Map<Writer, Samples>();
  for (const [writer, one] of Object.entries(seconds))
    samples.set(writer as Writer, { write: [one, one], removal: [one], tidy: [] });
  return { chains: 3, sets: 4, operations: [{ operation: "element", plan: [7], samples }] };
}

const SMALL = node({ netlink: 2, raw: 1, encode: 1, libnftables: 20 });
const LARGE = node({ netlink: 4, raw: 4 });

test("each writer has its figures, and ours the ratio to each other one that was measured", () => {
  const found = nodeResults("10", SMALL);
  const labels = { op: "element", objects: "10", writer: "libnftables" };
  expect(found).toContainEqual({
    metric: "kernel_write_seconds",
    labels,
    unit: "seconds",
    p50: 20,
    p99: 20,
    n: 2,
  });
  const ratios = found.filter(({ metric }) => metric === "kernel_write_ratio");
  expect(ratios).toEqual([{ metric: "kernel_write_ratio", labels, unit: "ratio", p50: 10, p99: 10, n: 1 }]);
  expect(found.some(({ metric }) => metric === "kernel_tidy_seconds")).toBe(false);
  const parts = found.filter(({ metric }) => metric === "kernel_write_share_seconds");
  expect(parts.map((one) => [one.labels["part"], one.p50])).toEqual([
    ["plan", 7],
    ["encode", 1],
    ["kernel", 1],
  ]);
});

test("growth is held against the kernel's own", () => {
  const found = growthResults("1000", SMALL, LARGE);
  expect(found.map(({ labels, p50 }) => [labels["writer"], p50])).toEqual([
    ["netlink", 2],
    ["raw", 4],
    ["netlink to raw", 0.5],
  ]);
  expect(growthResults("10", SMALL, SMALL)).toEqual([]);
});
