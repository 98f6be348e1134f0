import { expect, test } from "bun:test";
import { createLaps } from "./laps.ts";

test("a step that comes twice in one piece of work is one sample, and what does not count is none", () => {
  // Each lap reads the clock twice: at its end and at the next one's beginning.
  const times = [0, 2e9, 2e9, 5e9, 5e9, 6e9, 6e9, 10e9, 17e9, 17e9];
  const laps = createLaps(() => times.shift() ?? Number.NaN);
  laps.begin();
  laps.lap("a");
  laps.lap("b");
  laps.lap("a");
  laps.end(true);
  laps.begin();
  laps.lap("a");
  laps.end(false);
  expect([...laps.samples]).toEqual([
    ["a", [3]],
    ["b", [3]],
  ]);
});
