import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startScene } from "../pages/scene.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

// A newcomer's first minute: a clone of what is committed, in an empty folder, and the demo in it.
test("the README's first commands", async () => {
  const where = mkdtempSync(join(tmpdir(), "tortie-newcomer-"));
  try {
    await using scene = startScene({ where, instead: (typed) => typed.replace("REPOSITORY", ROOT) });
    const printed = await scene.play("README.md", "See it in a minute");
    const [, expected, all] = /(\d+)\/(\d+) probes as expected/.exec(printed) ?? [];
    expect(Number(all)).toBeGreaterThan(5000);
    expect(expected).toBe(all ?? "");
  } finally {
    rmSync(where, { recursive: true, force: true });
  }
}, 120_000);
