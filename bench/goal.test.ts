import { expect, test } from "bun:test";
import { type Goal, judgeGoal } from "./goal.ts";
import { resultOf } from "./result.ts";

const GOAL: Goal = {
  measurement: "kernel-write",
  text: "below 1 s",
  metric: "kernel_write_seconds",
  labels: { writer: "netlink" },
  reached: ({ p50 }) => p50 < 1,
};

function figure(writer: string, seconds: number) {
  return resultOf({ metric: "kernel_write_seconds", labels: { writer, op: "element" }, unit: "seconds" }, [
    seconds,
  ]);
}

test("every figure with the goal's labels counts, and no other", () => {
  expect(judgeGoal(GOAL, [figure("netlink", 0.5), figure("nft", 5)], { kind: "quiet" })).toBe("reached");
  expect(judgeGoal(GOAL, [figure("netlink", 0.5), figure("netlink", 2)], { kind: "quiet" })).toBe("missed");
  expect(judgeGoal(GOAL, [figure("nft", 0.5)], { kind: "quiet" })).toBe("not measured");
});

test("noise excuses what is missed and takes nothing from what is reached", () => {
  const noise = { kind: "noisy", found: "a neighbour" } as const;
  expect(judgeGoal(GOAL, [figure("netlink", 2)], noise)).toBe("too noisy to judge");
  expect(judgeGoal(GOAL, [figure("netlink", 0.5)], noise)).toBe("reached");
});
