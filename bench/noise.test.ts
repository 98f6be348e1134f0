import { expect, test } from "bun:test";
import { type Calibration, calibrate, judgeNoise } from "./noise.ts";

function equal(milliseconds: number): Calibration {
  return { milliseconds: Array.from({ length: 100 }, () => milliseconds) };
}

test("equal times are quiet", () => {
  expect(judgeNoise([equal(1), equal(1.1), equal(1.05)])).toEqual({ kind: "quiet" });
});

test("a machine that is slower for a tenth of the time is noisy", () => {
  const { milliseconds } = equal(1);
  const found = "a tenth of equal pieces of work took 2.00 times the median";
  expect(
    judgeNoise([equal(1), { milliseconds: milliseconds.with(0, 2).map((one, at) => (at < 12 ? 2 : one)) }]),
  ).toEqual({
    kind: "noisy",
    found,
  });
});

test("a machine that became slower is noisy", () => {
  const found = "equal work took 1.50 times as long at one end as at the other";
  expect(judgeNoise([equal(1), equal(1.5)])).toEqual({ kind: "noisy", found });
});

test("a calibration takes time and says how much", () => {
  const { milliseconds } = calibrate();
  expect(milliseconds).toHaveLength(100);
  expect(milliseconds.every((one) => one > 0)).toBe(true);
});
