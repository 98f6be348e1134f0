import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Entry, tar, withDirectories } from "./tar.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const file = (path: string, text = "", executable = false): Entry => ({
  kind: "file",
  path,
  executable,
  content: bytes(text),
});

/** What the system's tar says of an archive. */
function listing(archive: Uint8Array): string[] {
  const folder = mkdtempSync(join(tmpdir(), "tortie-tar-"));
  try {
    const path = join(folder, "archive.tar");
    writeFileSync(path, archive);
    const words = ["tar", "--list", "--verbose", "--numeric-owner", "--file", path];
    const { success, stdout, stderr } = Bun.spawnSync(words, { env: { TZ: "UTC", LC_ALL: "C" } });
    if (!success) throw new Error(stderr.toString());
    return stdout.toString().trimEnd().replaceAll(/ +/g, " ").split("\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("tar: the system's tar reads sorted entries of root's, of one time, with modes of three kinds", () => {
  const archive = tar([
    file("usr/bin/b", "bb", true),
    { kind: "link", path: "usr/bin/a", target: "b" },
    { kind: "directory", path: "usr", mode: 0o755 },
    { kind: "directory", path: "usr/bin", mode: 0o1777 },
    file("usr/bin-c", "c"),
  ]);
  expect(listing(archive)).toEqual([
    "drwxr-xr-x 0/0 0 1970-01-01 00:00 usr/",
    "drwxrwxrwt 0/0 0 1970-01-01 00:00 usr/bin/",
    "-rw-r--r-- 0/0 1 1970-01-01 00:00 usr/bin-c",
    "lrwxrwxrwx 0/0 0 1970-01-01 00:00 usr/bin/a -> b",
    "-rwxr-xr-x 0/0 2 1970-01-01 00:00 usr/bin/b",
  ]);
});

test("tar: the order of the entries changes nothing", () => {
  const entries = ["c", "a/b", "a", "B"].map((path) => file(path, path));
  expect(tar(entries.toReversed())).toEqual(tar(entries));
});

test("tar: refuses a path that comes twice, and names that do not fit", () => {
  expect(() => tar([file("a"), file("a")])).toThrow("a comes twice");
  expect(() => tar([file("a".repeat(101))])).toThrow("at most 100 bytes");
  expect(() => tar([{ kind: "link", path: "a", target: "b".repeat(101) }])).toThrow("at most 100 bytes");
});

test("withDirectories: adds what leads to an entry, and keeps the mode that was given", () => {
  const entries = withDirectories([
    { kind: "directory", path: "tmp", mode: 0o1777 },
    file("tmp/x"),
    file("usr/share/doc"),
  ]);
  const seen = entries.map(
    (entry) => `${entry.path} ${entry.kind === "directory" ? entry.mode.toString(8) : entry.kind}`,
  );
  expect(seen.toSorted()).toEqual([
    "tmp 1777",
    "tmp/x file",
    "usr 755",
    "usr/share 755",
    "usr/share/doc file",
  ]);
});
