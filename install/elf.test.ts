import { expect, test } from "bun:test";
import { isOlder, newestGlibc, readElf } from "./elf.ts";

test("the newest version is found by its numbers", () => {
  expect(newestGlibc("GLIBC_2.9 GLIBC_2.2.5\0GLIBC_2.17\0GLIBC_2.4 GLIBC_PRIVATE")).toBe("2.17");
  expect(newestGlibc("nothing")).toBeUndefined();
});

test("versions are compared by their numbers", () => {
  expect(isOlder("2.9", "2.17")).toBe(true);
  expect(isOlder("2.17", "2.17")).toBe(false);
  expect(isOlder("2.36", "2.17")).toBe(false);
  expect(isOlder("1.99", "2.0")).toBe(true);
  expect(isOlder("3.0", "2.17")).toBe(false);
});

test("an executable of Bun's names its loader and its glibc", () => {
  const needs = readElf(process.execPath);
  expect(needs?.loader).toMatch(/^\/lib(64)?\/ld-linux-[\w-]+\.so\.\d$/);
  expect(needs?.glibc).toMatch(/^2\.\d+$/);
});

test("what is no executable has no needs", () => {
  expect(readElf(import.meta.path)).toBeUndefined();
  expect(readElf("/dev/null")).toBeUndefined();
});
