import { expect, test } from "bun:test";
import { formatValue } from "./format-value.ts";
import type { Unit } from "./result.ts";

test.each<[number, Unit, string]>([
  [0.000_075, "seconds", "75.0 µs"],
  [0.000_000_4, "seconds", "0.400 µs"],
  [0.0123, "seconds", "12.3 ms"],
  [7.81, "seconds", "7.81 s"],
  [-0.0004, "seconds", "-400 µs"],
  [0, "seconds", "0 s"],
  [198_000_000, "bytes", "198 MB"],
  [12_345.6, "perSecond", "12346/s"],
  [17_400_000_000, "bitsPerSecond", "17.4 Gbit/s"],
  [0.981, "ratio", "0.981"],
  [133, "ratio", "133"],
  [0, "ratio", "0"],
  [42, "count", "42"],
  [Number.NaN, "seconds", "-"],
])("%p %s is %p", (value, unit, text) => {
  expect(formatValue(value, unit)).toBe(text);
});
