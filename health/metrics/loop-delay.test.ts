import { expect, test } from "bun:test";
import { watchLoopDelay } from "./loop-delay.ts";

/** Waits until it holds; the test's own time limit ends it otherwise. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await Bun.sleep(1);
}

test("what was late is told, and the longest of two windows is kept", async () => {
  let clock = 0;
  const told: number[] = [];
  const options = { everyMilliseconds: 1, windowMilliseconds: 1_000, now: () => clock };
  using delay = watchLoopDelay({ ...options, told: (seconds) => told.push(seconds) });
  async function look(milliseconds: number): Promise<void> {
    const looks = told.length;
    clock += milliseconds;
    await until(() => told.length > looks);
  }
  await look(81);
  expect(told[0]).toBeCloseTo(0.08);
  await look(11);
  expect(told.at(-1)).toBeCloseTo(0.01);
  expect(delay.longestSeconds()).toBeCloseTo(0.08);
  await look(1_001);
  expect(delay.longestSeconds()).toBeCloseTo(1);
  await look(1_001);
  await look(1_001);
  expect(delay.longestSeconds()).toBeCloseTo(1);
});

test("an older window is forgotten", async () => {
  let clock = 0;
  let looks = 0;
  using delay = watchLoopDelay({
    everyMilliseconds: 1,
    windowMilliseconds: 10,
    now: () => clock,
    told: () => void looks++,
  });
  clock = 501;
  await until(() => looks > 0);
  expect(delay.longestSeconds()).toBeCloseTo(0.5);
  for (let at = 0; at < 3; at++) {
    const before = looks;
    clock += 11;
    await until(() => looks > before);
  }
  expect(delay.longestSeconds()).toBeLessThan(0.1);
});
