import { expect, test } from "bun:test";
import { readSeconds } from "./setting-kinds.ts";

test.each([
  ["90", 90],
  ["0", 0],
  ["0.5", 0.5],
  ["90s", 90],
  ["1m30s", 90],
  ["1h", 3_600],
  ["1h0m5s", 3_605],
  ["1.5m", 90],
  ["250ms", 0.25],
  ["", Number.NaN],
  ["-1", Number.NaN],
  ["1m30", Number.NaN],
  ["90 s", Number.NaN],
  ["soon", Number.NaN],
  ["1d", Number.NaN],
  ["s", Number.NaN],
])("%p is %p seconds", (text, seconds) => {
  expect(readSeconds(text)).toBe(seconds);
});
