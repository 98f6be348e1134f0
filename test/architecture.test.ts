import { Glob } from "bun";
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { type Repository, violations } from "./architecture/check.ts";

const root = new URL("..", import.meta.url).pathname;
const manifest = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
};

const SKIPPED = /^(?:node_modules|dist|\.cache)\//;
// These two hold the forbidden words as examples.
const EXAMPLES = ["test/architecture.test.ts", "test/runner.test.ts", "test/architecture/check.ts"];

function repository(): Repository {
  const paths = [...new Glob("**/*.{ts,tsx,js,mjs,cjs}").scanSync({ cwd: root })].filter(
    (path) => !SKIPPED.test(path) && !EXAMPLES.includes(path),
  );
  return {
    files: paths.toSorted().map((path) => ({ path, text: readFileSync(root + path, "utf8") })),
    dependencies: Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }),
    dependencyNotes: readFileSync(`${root}docs/dependencies.md`, "utf8"),
  };
}

describe("this repository", () => {
  test("keeps the rules of docs/architecture.md", () => {
    expect(violations(repository())).toEqual([]);
  });

  test("argues for every dependency in docs/dependencies.md, and for nothing else", () => {
    const { dependencies, dependencyNotes } = repository();
    const [packages = ""] = dependencyNotes.split("## On the machine");
    const argued = [...packages.matchAll(/^\| `([^`]+)`/gm)].map((match) => match[1] ?? "");
    expect(argued.toSorted()).toEqual(dependencies.toSorted());
  });

  test("pins exact versions", () => {
    const versions = Object.values({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(versions.filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });
});

/** What the rules say of one file in a repository that has hono and valibot. */
function judge(path: string, text: string, ...others: (readonly [string, string])[]): string[] {
  const files = [[path, text] as const, ...others].map(([name, body]) => ({ path: name, text: body }));
  return violations({
    files,
    dependencies: ["hono", "valibot", "yaml"],
    dependencyNotes: "`hono` `valibot` `yaml`",
  });
}

// Split so that this file does not import what it writes about.
const load = "import";
const dynamic = (specifier: string) => `await ${load}("${specifier}")`;

describe("the rules", () => {
  test.each([
    [
      "a package outside its room",
      "agent/x.ts",
      'import { Hono } from "hono";',
      "only health may import hono",
    ],
    ["a subpath of a package", "agent/x.ts", 'import { a } from "hono/bun";', "only health may import hono"],
    [
      "a type import",
      "policy/x.ts",
      'import type { A } from "../adapters/datastore.ts";',
      "policy may not import",
    ],
    ["a re-export", "model/x.ts", 'export * from "../policy/y.ts";', "model may not import policy/y.ts"],
    ["a dynamic import", "policy/x.ts", dynamic("../native/y.ts"), "policy may not import native/y.ts"],
    [
      "an import over lines",
      "model/x.ts",
      'import {\n  a,\n} from "../native/y.ts";',
      "model may not import native",
    ],
    ["a bare import", "policy/x.ts", 'import "node:fs";', "policy may not import node:fs"],
    [
      "memory outside native",
      "dataplane/x.ts",
      'import { ptr } from "bun:ffi";',
      "only native may import bun:ffi",
    ],
    [
      "memory in a test",
      "test/x.test.ts",
      'import { test } from "bun:test"; \nimport "bun:ffi";',
      "only native may",
    ],
    [
      "a face from the agent",
      "agent/x.ts",
      'import { a } from "../explain/y.ts";',
      "agent may not import explain",
    ],
    [
      "the oracle's sources",
      "test/oracle/x.ts",
      'import { a } from "yaml";',
      "only adapters/file, ctl, deploy may import yaml",
    ],
    [
      "a connection that knows its readers",
      "adapters/kubernetes/connection/x.ts",
      'import type { A } from "../reading/y.ts";',
      "adapters/kubernetes/connection may not import adapters/kubernetes/reading/y.ts",
    ],
    [
      "a connection in Calico's views",
      "adapters/kubernetes/calico/x.ts",
      'import { openClient } from "../connection/y.ts";',
      "adapters/kubernetes/calico may not import adapters/kubernetes/connection/y.ts",
    ],
    [
      "a package for connecting outside the connection",
      "adapters/kubernetes/store/x.ts",
      'import { KubeConfig } from "@kubernetes/client-node";',
      "only adapters/kubernetes/connection, deploy may import @kubernetes/client-node",
    ],
    ["a face loaded at once", "main.ts", 'import { a } from "./agent/main.ts";', "only by import()"],
    ["an unknown package", "adapters/objects/x.ts", 'import a from "lodash";', "may not import lodash"],
    ["a missing suffix", "model/x.ts", 'import { a } from "./y";', "lacks its suffix"],
    ["a file in no room", "misc/x.ts", "export {};", "is in no room"],
    ["console", "agent/x.ts", 'console.log("x");', "console blocks"],
    ["a note without an issue", "model/x.ts", "// TODO: later", "names an issue"],
    ["a skipped test", "model/x.test.ts", 'test.skip("x", () => {});', "a test always runs"],
    ["a single test", "model/x.test.ts", 'describe.only("x", () => {});', "a test always runs"],
    ["a test file without a test", "model/x.test.ts", "export {};", "holds no test"],
    ["a test that nobody runs", "model/x.spec.ts", "export {};", "script/test does not see it"],
    ["a long file", "model/x.ts", "\n".repeat(301), "301 lines, at most 300"],
  ])("refuse %s", (_, path, text, expected) => {
    expect(judge(path, text).join("\n")).toContain(expected);
  });

  test("refuse a package that package.json or the notes lack", () => {
    const files = [{ path: "health/x.ts", text: 'import { Hono } from "hono";' }];
    expect(violations({ files, dependencies: [], dependencyNotes: "" })).toEqual([
      "health/x.ts: hono is not in package.json",
    ]);
    expect(violations({ files, dependencies: ["hono"], dependencyNotes: "" })).toEqual([
      "health/x.ts: docs/dependencies.md does not argue for hono",
    ]);
  });

  test("refuse packages for tests in what main.ts reaches", () => {
    const random = ["dataplane/x.ts", 'import fc from "fast-check";'] as const;
    const dependencies = ["fast-check"];
    const judgeWith = (main: string) =>
      violations({
        files: [
          { path: random[0], text: random[1] },
          { path: "main.ts", text: main },
          { path: "agent/main.ts", text: 'import "../dataplane/x.ts";' },
        ],
        dependencies,
        dependencyNotes: "`fast-check`",
      });
    expect(judgeWith("")).toEqual([]);
    expect(judgeWith(dynamic("./agent/main.ts"))).toEqual([
      "dataplane/x.ts: dataplane may not import fast-check",
    ]);
  });

  test("refuse rooms that import each other", () => {
    const found = judge("explain/x.ts", 'import "../agent/settings/config.ts";', [
      "agent/settings/config.ts",
      'import "../../explain/x.ts";',
    ]);
    expect(found.join("\n")).toContain("rooms import each other: explain -> agent -> explain");
  });

  test.each([
    ["health/x.ts", 'import { Hono } from "hono/bun";'],
    ["native/x.ts", 'import { ptr } from "bun:ffi";\nimport { openSync } from "node:fs";'],
    ["model/x.ts", '// TODO(#7): wider\nimport { createHash } from "node:crypto";'],
    ["policy/x.test.ts", 'import { test } from "bun:test";\nimport { a } from "../test/worlds/y.ts";'],
    ["main.ts", dynamic("./agent/main.ts")],
  ])("allow %s what its room needs", (path, text) => {
    expect(judge(path, text)).toEqual([]);
  });
});
