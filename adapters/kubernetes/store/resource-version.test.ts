import { expect, test } from "bun:test";
import { compareVersions, readResourceVersion } from "./resource-version.ts";

const order = (a: unknown, b: unknown): number | undefined => {
  const found = compareVersions(readResourceVersion(a), readResourceVersion(b));
  return found === undefined ? undefined : Math.sign(found);
};

test.each([
  ["9", "10", -1],
  ["10", "9", 1],
  ["12", "12", 0],
  ["9007199254740991", "9007199254740993", -1],
  ["18446744073709551614", "18446744073709551615", -1],
  ["18446744073709551615", "18446744073709551615", 0],
  ["99999999999999999", "100000000000000000", -1],
  ["7", "18446744073709551615", -1],
  ["a", "a", 0],
  ["a", "b", undefined],
  ["a", "7", undefined],
  ["", "7", undefined],
  [undefined, undefined, 0],
  [7, "7", undefined],
])("%j against %j: %j", (a, b, expected) => {
  expect(order(a, b)).toBe(expected);
});

test("versions are held as numbers where a number is exact", () => {
  expect(readResourceVersion("12345")).toBe(12345);
  expect(readResourceVersion("9007199254740993")).toBe("9007199254740993");
  expect(readResourceVersion(undefined)).toBe("");
});
