import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { directoryTrouble } from "./directory-trouble.ts";

const FILE = { found: "is a file, or lies below one", next: "put a directory of manifests in its place" };

test.each([
  ["missing", { found: "does not exist", next: "create it, with the manifests in it" }],
  ["file", FILE],
  ["file/inside", FILE],
  ["circle", { found: "is a link that leads in a circle", next: "let the link point to the manifests" }],
  ["x".repeat(256), { found: "cannot be read: name too long (ENAMETOOLONG)", next: "make it readable" }],
])("%s", async (name, trouble) => {
  const root = mkdtempSync(join(tmpdir(), "tortie-trouble-"));
  try {
    writeFileSync(join(root, "file"), "");
    symlinkSync("circle", join(root, "circle"));
    const error: unknown = await readdir(join(root, name)).catch((reason: unknown) => reason);
    expect(directoryTrouble(error)).toEqual(trouble);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test.each([
  ["EACCES: permission denied, scandir '/a, b'", "EACCES", "may not be read (EACCES)"],
  ["EIO: i/o error, scandir '/a, b'", "EIO", "cannot be read: i/o error (EIO)"],
  ["EMFILE: too many open files, scandir", "EMFILE", "cannot be read: too many open files (EMFILE)"],
])("%s", (message, code, found) => {
  expect(directoryTrouble(Object.assign(new Error(message), { code }))?.found).toBe(found);
});

test("a bug is nothing to tell people about", () => {
  expect(directoryTrouble(new TypeError("undefined is not a function"))).toBeUndefined();
});
