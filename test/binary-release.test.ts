import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = new URL("..", import.meta.url).pathname;
const IMAGE = "ghcr.io/somebody/tortie";

const folder = mkdtempSync(join(tmpdir(), "tortie-release-"));
const clone = join(folder, "tortie");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function run(...words: readonly string[]): Ran {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...words], { cwd: clone });
  return { code: exitCode, out: stdout.toString(), err: stderr.toString() };
}

function git(...words: readonly string[]): string {
  const who = ["-c", "user.name=Test", "-c", "user.email=test@example.org"];
  const { code, out, err } = run("git", ...who, ...words);
  if (code !== 0) throw new Error(`git ${words.join(" ")}: ${err}`);
  return out.trim();
}

beforeAll(() => {
  Bun.spawnSync(["git", "clone", "--quiet", ROOT, clone]);
  git("tag", "--list")
    .split("\n")
    .filter(Boolean)
    .forEach((tag) => void git("tag", "--delete", tag));
});

test.each([
  [[], "usage: script/release TAG IMAGE, for example script/release v0.1.0 ghcr.io/somebody/tortie\n"],
  [
    ["v9.9.9", IMAGE],
    "The tag is v9.9.9, and package.json says version 0.1.0.\nName the tag v0.1.0, or change package.json before it is set.\n",
  ],
  [
    ["v0.1.0", IMAGE],
    "The tag v0.1.0 is not on this commit.\ngit checkout v0.1.0, or set it here: git tag v0.1.0\n",
  ],
])("%j is refused", (words, message) => {
  expect(run("script/release", ...words)).toEqual({ code: 1, out: "", err: message });
});

test("a version without a word in the changelog is refused, and so is what no commit holds", () => {
  const changelog = join(clone, "CHANGELOG.md");
  const text = readFileSync(changelog, "utf8");
  writeFileSync(changelog, text.replace(/^## .*0\.1\.0$/m, "## Something else"));
  git("commit", "--all", "--message=without");
  git("tag", "v0.1.0");
  expect(run("script/release", "v0.1.0", IMAGE).err).toContain('nothing below the heading "## 0.1.0"');
  writeFileSync(changelog, text.replace(/^## .*0\.1\.0$/m, "## 0.1.0"));
  expect(run("script/release", "v0.1.0", IMAGE).err).toContain("Files differ from the commit");
});

test("a tag becomes files that name one image and check out", () => {
  git("commit", "--all", "--message=with");
  git("tag", "--force", "v0.1.0");
  const { code, out, err } = run("script/release", "v0.1.0", IMAGE);
  expect({ code, err: code === 0 ? "" : err }).toEqual({ code: 0, err: "" });
  const [, digest = ""] = /^ghcr\.io\/somebody\/tortie:0\.1\.0 (sha256:[0-9a-f]{64})$/m.exec(out) ?? [];
  const files = readdirSync(join(clone, "dist/release"));
  for (const wanted of [
    "tortie-linux-amd64",
    "tortie-linux-arm64",
    "tortie.yaml",
    "tortie.service",
    "SHA256SUMS",
  ])
    expect(files).toContain(wanted);
  const manifest = readFileSync(join(clone, "dist/release/tortie.yaml"), "utf8");
  expect(manifest).toContain(`image: ${IMAGE}@${digest}\n`);
  expect(manifest).not.toContain("localhost/");
  expect(
    readFileSync(join(clone, "dist/image/blobs/sha256", digest.slice("sha256:".length)), "utf8"),
  ).toContain("arm64");
  const sums = Bun.spawnSync(["sha256sum", "--check", "--quiet", "--strict", "SHA256SUMS"], {
    cwd: join(clone, "dist/release"),
  });
  expect({ code: sums.exitCode, said: sums.stdout.toString() }).toEqual({ code: 0, said: "" });
  expect(run("dist/tortie", "version").out).toBe(
    `tortie 0.1.0 (commit ${git("rev-parse", "--short=12", "HEAD")})\n`,
  );
  expect(readFileSync(join(clone, "dist/release-notes.md"), "utf8")).toContain("`tortie agent` enforces");
}, 120_000);
