import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import manifest from "../../package.json" with { type: "json" };
import { bundledPackages, packageDirectory } from "./bundled-packages.ts";

const bundled = await bundledPackages();

test("bundledPackages: every dependency of package.json is in the executable, in its pinned version", () => {
  const found = new Map(bundled.map(({ name, version }) => [name, version]));
  for (const [name, version] of Object.entries(manifest.dependencies))
    expect([name, found.get(name)]).toEqual([name, version]);
});

test("bundledPackages: each is the lock file's, and brings the text of its license", () => {
  const lock = readFileSync(new URL("../../bun.lock", import.meta.url), "utf8");
  for (const { name, version, license, texts } of bundled) {
    expect(lock).toContain(`"${name}@${version}"`);
    expect(license).toMatch(/^[A-Za-z0-9.-]+$/);
    expect([...texts.values()].every((text) => text.length > 0)).toBe(true);
  }
});

test("NOTICE names every package in the executable, with its license", () => {
  const notice = readFileSync(new URL("../../NOTICE", import.meta.url), "utf8");
  const missing = bundled.filter(({ name, license }) => {
    const at = notice.search(new RegExp(`(^|[ ,])${name}[ ,(]`, "m"));
    // One license stands behind several packages.
    return at === -1 || !/\(([^)]+)\)/.exec(notice.slice(at))?.[0].includes(license);
  });
  expect(missing.map(({ name, license }) => `${name} (${license})`)).toEqual([]);
});

test("packageDirectory: the innermost package, with its scope, and none for our own files", () => {
  expect(packageDirectory("node_modules/a/node_modules/@s/b/lib/c.js")).toBe(
    "node_modules/a/node_modules/@s/b",
  );
  expect(packageDirectory("../node_modules/hono/index.js")).toBe("../node_modules/hono");
  expect(packageDirectory("cni/main.ts")).toBeUndefined();
});
