import { expect, test } from "bun:test";
import { quantile, resultOf } from "./result.ts";

test("quantiles do not depend on the order", () => {
  const samples = [5, 1, 4, 2, 3];
  expect([0, 0.5, 0.99].map((share) => quantile(samples, share))).toEqual([1, 3, 5]);
  const hundred = Array.from({ length: 100 }, (_, at) => at + 1);
  expect([0.5, 0.9, 0.99, 1].map((share) => quantile(hundred, share))).toEqual([50, 90, 99, 100]);
  expect(quantile([1, 2], 0.5)).toBe(1);
  expect(quantile([], 0.5)).toBeNaN();
  expect(quantile([1, Number.NaN, 3], 0.99)).toBeNaN();
});

test("a figure of one sample is that sample", () => {
  const what = { metric: "m_seconds", labels: { pods: "10" }, unit: "seconds" } as const;
  expect(resultOf(what, [0.2])).toEqual({ ...what, p50: 0.2, p99: 0.2, n: 1 });
});
