import { expect, test } from "bun:test";
import { REAL_PACE } from "./pace.ts";
import { createBackOff } from "./back-off.ts";

test("waits are random up to a second, then up to twice as long, up to half a minute", () => {
  const most = createBackOff({ ...REAL_PACE, random: () => 1 });
  const waits = Array.from({ length: 8 }, () => most.next());
  expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  most.reset();
  expect(most.next()).toBe(1000);
  const least = createBackOff({ ...REAL_PACE, random: () => 0 });
  expect([least.next(), least.next(), least.next()]).toEqual([0, 0, 0]);
});
