import { expect, test } from "bun:test";
import { figuresOf } from "./figures.ts";

test("what the agent took is counted apart, and each pod is compared with the one beside it", () => {
  const figures = figuresOf({ ptp: [0.01, 0.02, 0.04], ours: [0.02, 0.03, 0.07], agent: [0.01, 0.01, 0.03] });
  const told = figures.map(({ metric, labels, p50, n }) => [
    metric,
    ...Object.values(labels),
    p50.toFixed(3),
    n,
  ]);
  expect(told).toEqual([
    ["cni_add_seconds", "ptp", "whole", "0.020", 3],
    ["cni_add_seconds", "tortie", "whole", "0.030", 3],
    ["cni_add_seconds", "tortie", "agent", "0.010", 3],
    ["cni_add_seconds", "tortie", "without the agent", "0.020", 3],
    ["cni_add_ratio", "whole", "1.750", 3],
    ["cni_add_ratio", "without the agent", "1.000", 3],
  ]);
});
