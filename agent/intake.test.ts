import { expect, test } from "bun:test";
import { createIntake } from "./intake.ts";
import { endpointUpdate } from "./test-parts.ts";

const UPDATES = Array.from({ length: 10 }, (_, at) => endpointUpdate(`pod-${at}`));

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** An intake whose every call of `apply` takes so many milliseconds of its clock. */
function intakeAt(cost: number) {
  let clock = 0;
  const calls: number[] = [];
  const intake = createIntake({
    apply: (updates) => {
      calls.push(updates.length);
      clock += cost;
    },
    mostUpdates: 3,
    milliseconds: 10,
    now: () => clock,
  });
  return { intake, calls };
}

test("what fits into one turn is applied at once, in small calls", () => {
  const { intake, calls } = intakeAt(1);
  intake.take(UPDATES);
  expect(calls).toEqual([]);
  expect(intake.applySlice()).toBe(true);
  expect(calls).toEqual([3, 3, 3, 1]);
  expect(intake.empty).toBe(true);
});

test("a turn ends after its share, and the rest waits for the next ones", async () => {
  const { intake, calls } = intakeAt(6);
  intake.take(UPDATES);
  expect(intake.applySlice()).toBe(false);
  expect(calls).toEqual([3, 3]);
  await turn();
  expect(intake.applySlice()).toBe(true);
  expect(calls).toEqual([3, 3, 3, 1]);
});

test("many events in one turn share it", async () => {
  const { intake, calls } = intakeAt(6);
  for (const update of UPDATES) {
    intake.take([update]);
    intake.applySlice();
    await Promise.resolve();
  }
  expect(calls).toEqual([1, 1]);
  await turn();
  while (!intake.applySlice()) await turn();
  expect(calls.reduce((sum, count) => sum + count)).toBe(UPDATES.length);
});

test("what is taken while a slice is applied comes after it", () => {
  const seen: string[] = [];
  const intake = createIntake({
    apply: (updates) => {
      for (const update of updates) if (update.kind === "endpoint") seen.push(update.id);
      if (seen.length === 1) intake.take([endpointUpdate("late")]);
    },
  });
  intake.take([endpointUpdate("first")]);
  expect(intake.applySlice()).toBe(true);
  expect(seen).toEqual(["x/first", "x/late"]);
});
