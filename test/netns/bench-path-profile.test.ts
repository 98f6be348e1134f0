import { expect, test } from "bun:test";
import { profile } from "../../bench/path-profile/profile.ts";
import type { Result } from "../../bench/result.ts";
import { clusterSize } from "../../bench/scripted-cluster/cluster-size.ts";

const PATHS = ["event to batch", "batch to kernel", "whole agent"];

test("each step of both paths, and of the whole agent, is timed for each pod that comes", async () => {
  const size = clusterSize({ pods: 300, policies: 20, local: 20 });
  const steps = new Map<string, Result[]>(PATHS.map((path) => [path, []]));
  for await (const result of profile({ size, warmUp: 5, counted: 20, progress: () => {} })) {
    if (result.metric !== "path_step_seconds") continue;
    steps.get(result.labels["path"] ?? "")?.push(result);
    expect([result.labels["pods"], result.n]).toEqual(["300", 20]);
  }
  const names = (path: string) => steps.get(path)?.map(({ labels }) => labels["step"]);
  expect(names("event to batch")).toHaveLength(8);
  expect(names("batch to kernel")).toContain("send: the kernel's work");
  expect(names("whole agent")).toHaveLength(3);
});
