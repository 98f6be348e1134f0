import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isTortie, MARKER } from "./marker.ts";
import { copyBeside, isEqualFile, placeAgain } from "./place-file.ts";

const folder = mkdtempSync(join(tmpdir(), "tortie-place-file-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const source = join(folder, "source");
writeFileSync(source, "new");
let directories = 0;

function makeDirectory(): string {
  const directory = join(folder, String(directories++));
  mkdirSync(directory);
  return directory;
}

test("a copy that is not finished leaves the old file as it was, and nothing beside it", () => {
  const directory = makeDirectory();
  writeFileSync(join(directory, "x"), "old");
  {
    using copy = copyBeside(source, directory, "x");
    expect(readFileSync(copy.path, "utf8")).toBe("new");
    expect(statSync(copy.path).mode & 0o777).toBe(0o755);
  }
  expect(readdirSync(directory)).toEqual(["x"]);
  expect(readFileSync(join(directory, "x"), "utf8")).toBe("old");
});

test("a finished one is in its place; what a crash left is no obstacle", () => {
  const directory = makeDirectory();
  writeFileSync(join(directory, ".x.tortie-new"), "of a crash");
  {
    using copy = copyBeside(source, directory, "x");
    copy.finish();
  }
  expect(readdirSync(directory)).toEqual(["x"]);
  expect(readFileSync(join(directory, "x"), "utf8")).toBe("new");
});

test("a second name shares the file, and giving it again changes nothing", () => {
  const directory = makeDirectory();
  writeFileSync(join(directory, "x"), "x");
  writeFileSync(join(directory, "y"), "other");
  placeAgain(directory, "x", "y");
  placeAgain(directory, "x", "y");
  expect(readdirSync(directory).toSorted()).toEqual(["x", "y"]);
  expect(statSync(join(directory, "y")).ino).toBe(statSync(join(directory, "x")).ino);
});

test("files are equal by content", () => {
  const directory = makeDirectory();
  const [a, b] = [join(directory, "a"), join(directory, "b")];
  const bytes = Buffer.alloc(2_500_000, "abc");
  writeFileSync(a, bytes);
  expect(isEqualFile(a, b)).toBe(false);
  writeFileSync(b, bytes);
  expect(isEqualFile(a, b)).toBe(true);
  bytes[2_400_000] = 0;
  writeFileSync(b, bytes);
  expect(isEqualFile(a, b)).toBe(false);
  expect(isEqualFile(a, directory)).toBe(false);
});

test.each([0, 1, 4_194_303, 4_194_304 - 10, 4_194_304, 9_000_000])(
  "our executables are known by a marker, wherever it is: %i",
  (at) => {
    const path = join(folder, "marked");
    writeFileSync(path, Buffer.concat([Buffer.alloc(at, "x"), Buffer.from(MARKER), Buffer.alloc(5)]));
    expect(isTortie(path)).toBe(true);
    writeFileSync(path, Buffer.concat([Buffer.alloc(at, "x"), Buffer.from(MARKER.slice(1))]));
    expect(isTortie(path)).toBe(false);
  },
);
