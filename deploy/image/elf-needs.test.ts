import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { glibcFiles } from "../../test/binary/bare-root.ts";
import { elfNeeds } from "./elf-needs.ts";

test("elfNeeds: names what the loader loads for a program, and the loader", () => {
  const needs = elfNeeds(readFileSync(process.execPath));
  const loaded = glibcFiles(process.execPath);
  expect(loaded).toContain(needs?.interpreter ?? "none");
  const names = loaded.filter((path) => path !== needs?.interpreter).map((path) => path.split("/").at(-1));
  expect(needs?.libraries.filter((name) => !name.startsWith("ld-")).toSorted()).toEqual(
    names.filter((name) => name !== undefined).toSorted(),
  );
  expect(needs?.machine).toBe(process.arch === "arm64" ? 183 : 62);
});

test("elfNeeds: a script is no such file, nor is nothing", () => {
  expect(elfNeeds(new TextEncoder().encode("#!/bin/sh\n"))).toBeUndefined();
  expect(elfNeeds(new Uint8Array())).toBeUndefined();
});
