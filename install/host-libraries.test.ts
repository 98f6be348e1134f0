import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { findInRoot, missingLibrary } from "./host-libraries.ts";

const folder = mkdtempSync(join(tmpdir(), "tortie-host-libraries-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let roots = 0;

/** A root directory with these files; a text that begins with `->` is a link. */
function makeRoot(files: Readonly<Record<string, string>>): string {
  const root = join(folder, String(roots++));
  mkdirSync(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    if (text.startsWith("->")) symlinkSync(text.slice(2), join(root, path));
    else writeFileSync(join(root, path), text);
  }
  return root;
}

const LOADER = "/lib64/ld-linux-x86-64.so.2";
const NEEDS = { loader: LOADER, glibc: "2.17" };

test("links are followed inside the root, absolute ones too", () => {
  const root = makeRoot({
    "/usr/lib/x": "x",
    "/lib": "->usr/lib",
    "/lib64": "->/lib",
    "/up": "->../../usr/./lib",
    "/round": "->round",
  });
  const x = join(root, "usr/lib/x");
  expect(["/lib/x", "/lib64/x", "/up/x", "/usr/lib/../lib/x"].map((path) => findInRoot(root, path))).toEqual([
    x,
    x,
    x,
    x,
  ]);
  expect(findInRoot(root, "/round/x")).toBeUndefined();
  expect(findInRoot(root, "/lib/y")).toBeUndefined();
});

test("a host without glibc is refused, and musl is named", () => {
  const why =
    "the host has no glibc: its loader /lib64/ld-linux-x86-64.so.2 is missing; the CNI plugin runs on the host and needs " +
    "glibc 2.17 or later";
  expect(missingLibrary(NEEDS, makeRoot({}))).toBe(why);
  expect(missingLibrary(NEEDS, makeRoot({ "/lib/ld-musl-x86_64.so.1": "" }))).toBe(
    why.replace("is missing;", "is missing: it has musl instead;"),
  );
});

test.each(["/lib64/libc.so.6", "/lib/x86_64-linux-gnu/libc.so.6", "/usr/lib64/libc.so.6"])(
  "a glibc that is too old is refused wherever it is: %s",
  (path) => {
    const text = "\0GLIBC_2.2.5\0GLIBC_2.12\0GLIBC_PRIVATE\0";
    expect(missingLibrary(NEEDS, makeRoot({ [LOADER]: "", [path]: text }))).toBe(
      `the host's glibc is 2.12 (${path}); the CNI plugin runs on the host and needs glibc 2.17 or later`,
    );
    expect(missingLibrary(NEEDS, makeRoot({ [LOADER]: "", [path]: `${text}GLIBC_2.17\0` }))).toBeUndefined();
  },
);

test("what is named is named", () => {
  const root = makeRoot({ [LOADER]: "", "/lib64/libc.so.6": "\0GLIBC_2.31\0" });
  expect(missingLibrary({ loader: LOADER, glibc: "2.34" }, root, "host-local")).toBe(
    "the host's glibc is 2.31 (/lib64/libc.so.6); host-local runs on the host and needs glibc 2.34 or later",
  );
});

test("where nothing can be told nothing is refused", () => {
  expect(missingLibrary(NEEDS, makeRoot({ [LOADER]: "" }))).toBeUndefined();
  expect(
    missingLibrary(NEEDS, makeRoot({ [LOADER]: "", "/lib64/libc.so.6": "other words" })),
  ).toBeUndefined();
  expect(missingLibrary({ loader: undefined, glibc: undefined }, makeRoot({}))).toBeUndefined();
});
