import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";

const root = new URL("..", import.meta.url).pathname;
const folder = join(root, ".github/workflows");

const Workflow = v.object({
  permissions: v.record(v.string(), v.string()),
  jobs: v.record(
    v.string(),
    v.object({
      "timeout-minutes": v.number(),
      steps: v.array(v.object({ uses: v.optional(v.string()), run: v.optional(v.string()) })),
    }),
  ),
});

const files = [...new Bun.Glob("*.yaml").scanSync({ cwd: folder })].toSorted();

test("there is one that tests and one that releases", () => {
  expect(files).toEqual(["release.yaml", "test.yaml"]);
});

describe.each(files)("%s", (file) => {
  const workflow = v.parse(Workflow, Bun.YAML.parse(readFileSync(join(folder, file), "utf8")));
  const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);

  test("may write nothing but where a job says so", () => {
    expect(workflow.permissions).toEqual({ contents: "read" });
  });

  test("takes the actions of others by their commit", () => {
    const used = steps.flatMap(({ uses = [] }) => uses);
    expect(used.filter((name) => !/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/.test(name))).toEqual([]);
  });

  test("calls scripts that exist, and runs the tests", () => {
    const called = steps.flatMap(({ run = "" }) => run.match(/script\/[\w-]+/g) ?? []);
    expect(called.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    expect(called).toContain("script/test");
  });
});
