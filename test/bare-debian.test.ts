import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = new URL("..", import.meta.url).pathname;
const cache = mkdtempSync(join(tmpdir(), "tortie-bare-debian-"));
afterAll(() => rmSync(cache, { recursive: true, force: true }));

async function refused(...words: readonly string[]): Promise<string> {
  const child = Bun.spawn(["script/bare-debian", ...words], {
    cwd: root,
    env: { ...process.env, TORTIE_CACHE: cache },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [output, errors, status] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  expect({ status, output }).toEqual({ status: 1, output: "" });
  return errors;
}

const USAGE = "usage: script/bare-debian [--cache DIR] bookworm|trixie COMMAND...\n";

test.each([
  ["nothing", [], USAGE],
  [
    "a Debian it is not tried on",
    ["sid", "true"],
    `'sid' is no Debian that this is tried on: it takes bookworm and trixie.\n${USAGE}`,
  ],
  ["no command", ["trixie"], `No command to run on trixie.\n${USAGE}`],
  ["--cache alone", ["--cache"], USAGE],
  [
    "a cache that is not there",
    ["--cache", "/absent", "trixie", "true"],
    `--cache /absent: there is no such directory.\n${USAGE}`,
  ],
])("script/bare-debian refuses %s, and makes nothing", async (_name, words, expected) => {
  expect(await refused(...words)).toBe(expected);
  expect(readdirSync(cache)).toEqual([]);
});
