import { expect, test } from "bun:test";
import { type Goal, judgeGoal } from "./goal.ts";
import type { Noise } from "./noise.ts";
import { type Result, resultOf } from "./result.ts";

const GOAL: Goal = {
  measurement: "kernel-write",
  text: "below 1 s",
  metric: "kernel_write_seconds",
  labels: { writer: "netlink" },
  figures: 1,
  compares: false,
  reached: ({ p50 }) => p50 < 1,
};

function figure(writer: string, seconds: number) {
  return resultOf({ metric: "kernel_write_seconds", labels: { writer, op: "element" }, unit: "seconds" }, [
    seconds,
  ]);
}

const quiet: Noise = { kind: "quiet" };
const noisy: Noise = { kind: "noisy", found: "a neighbour" };
const judged = (results: Result[], noise: Noise, failure?: string) => ({ results, noise, failure });

test("every figure with the goal's labels counts, and no other", () => {
  const two = { ...GOAL, figures: 2 };
  expect(judgeGoal(GOAL, judged([figure("netlink", 0.5), figure("nft", 5)], quiet))).toBe("reached");
  expect(judgeGoal(two, judged([figure("netlink", 0.5), figure("netlink", 2)], quiet))).toBe("missed");
  expect(judgeGoal(GOAL, judged([figure("nft", 0.5)], quiet))).toBe("not measured");
});

test("a part of the figures, or a measurement that failed, reaches nothing", () => {
  expect(judgeGoal({ ...GOAL, figures: 2 }, judged([figure("netlink", 0.5)], quiet))).toBe("not measured");
  expect(judgeGoal(GOAL, judged([figure("netlink", 0.5)], quiet, "it ended"))).toBe("not measured");
  expect(judgeGoal(GOAL, judged([figure("netlink", Number.NaN)], quiet))).toBe("missed");
});

test("noise excuses what is missed and takes nothing from what is reached, unless it is a comparison", () => {
  expect(judgeGoal(GOAL, judged([figure("netlink", 2)], noisy))).toBe("too noisy to judge");
  expect(judgeGoal(GOAL, judged([figure("netlink", 0.5)], noisy))).toBe("reached");
  expect(judgeGoal({ ...GOAL, compares: true }, judged([figure("netlink", 0.5)], noisy))).toBe(
    "too noisy to judge",
  );
});
