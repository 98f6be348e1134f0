import { expect, test } from "bun:test";
import type { Update } from "../model/update.ts";
import { createIntake } from "./intake.ts";
import { endpointUpdate } from "./test-parts.ts";

const UPDATES = Array.from({ length: 10 }, (_, at) => endpointUpdate(`pod-${at}`));

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** An intake whose calls of `apply` take so many milliseconds of its clock, in so many steps. */
function intakeAt(cost: number, steps = 1) {
  let clock = 0;
  const calls: number[] = [];
  const intake = createIntake({
    apply: function* (updates): Generator<void> {
      calls.push(updates.length);
      clock += cost / steps;
      for (let step = 1; step < steps; step++) {
        yield;
        clock += cost / steps;
      }
    },
    mostUpdates: 3,
    milliseconds: 10,
    dueMilliseconds: 50,
    now: () => clock,
  });
  return { intake, calls, pass: (milliseconds: number) => void (clock += milliseconds) };
}

async function untilDone({ intake }: Pick<ReturnType<typeof intakeAt>, "intake">, least = 0): Promise<void> {
  while (intake.applySlice(least) === "turnOver") await turn();
}

test("what fits into one turn is applied at once, in small calls", () => {
  const { intake, calls } = intakeAt(1);
  intake.take(UPDATES, 0);
  expect(calls).toEqual([]);
  expect(intake.applySlice(0)).toBe("done");
  expect(calls).toEqual([3, 3, 3, 1]);
  expect(intake.applied).toBe(intake.taken);
});

test("a turn ends after its share, and the rest waits for the next ones", async () => {
  const { intake, calls } = intakeAt(6);
  intake.take(UPDATES, 0);
  expect(intake.applySlice(0)).toBe("turnOver");
  expect(calls).toEqual([3, 3]);
  expect(intake.whole).toBe(false);
  await turn();
  expect(intake.applySlice(0)).toBe("done");
  expect(calls).toEqual([3, 3, 3, 1]);
  expect(intake.whole).toBe(true);
});

test("a turn ends within a call, too, which goes on in the next one", async () => {
  const { intake, calls } = intakeAt(24, 6);
  intake.take(UPDATES.slice(0, 1), 0);
  expect(intake.applySlice(0)).toBe("turnOver");
  expect(calls).toEqual([1]);
  expect([intake.applied, intake.whole]).toEqual([0, false]);
  await turn();
  expect(intake.applySlice(0)).toBe("done");
  expect(calls).toEqual([1]);
  expect([intake.applied, intake.whole]).toEqual([1, true]);
});

test("many events in one turn share it", async () => {
  const { intake, calls } = intakeAt(6);
  for (const update of UPDATES) {
    intake.take([update], 0);
    intake.applySlice(0);
    await Promise.resolve();
  }
  expect(calls).toEqual([1, 1]);
  await turn();
  await untilDone({ intake });
  expect(calls.reduce((sum, count) => sum + count)).toBe(UPDATES.length);
});

test("what is taken while a slice is applied comes after it", () => {
  const seen: string[] = [];
  const intake = createIntake({
    apply: function* (updates: readonly Update[]): Generator<void> {
      for (const update of updates) if (update.kind === "endpoint") seen.push(update.id);
      yield;
      if (seen.length === 1) intake.take([endpointUpdate("late")], 0);
    },
  });
  intake.take([endpointUpdate("first")], 0);
  expect(intake.applySlice(0)).toBe("done");
  expect(seen).toEqual(["x/first", "x/late"]);
});

test("one call takes whole groups, as many as fit, or a part of a large one", () => {
  const { intake, calls } = intakeAt(0);
  for (const size of [2, 2, 1, 7, 1]) intake.take(UPDATES.slice(0, size), 0);
  expect(intake.applySlice(0)).toBe("done");
  expect(calls).toEqual([2, 3, 3, 3, 2]);
});

test("however fast changes come, it is done 50 ms after the oldest, between two groups", async () => {
  const { intake, calls } = intakeAt(4);
  for (const update of UPDATES) intake.take([update, update], 0);
  const more = (): void => intake.take(UPDATES.slice(0, 5), 0);
  while (intake.applySlice(0) === "turnOver") {
    more();
    await turn();
  }
  // After 52 ms the group that was begun has two updates left.
  expect(calls).toEqual([...Array<number>(10).fill(2), 3, 2, 3, 2]);
  expect(intake.whole).toBe(true);
  expect(intake.applied).toBeLessThan(intake.taken);
});

test("a large group is finished, however long that takes", async () => {
  const bench = intakeAt(30);
  bench.intake.take(UPDATES, 0);
  bench.intake.take(UPDATES.slice(0, 1), 0);
  await untilDone(bench);
  // The second group rode with the rest of the first.
  expect(bench.calls).toEqual([3, 3, 3, 2]);
  bench.intake.take(UPDATES, 0);
  bench.intake.take(UPDATES.slice(0, 3), 0);
  bench.intake.carry();
  await turn();
  await untilDone(bench);
  expect(bench.calls.slice(4)).toEqual([3, 3, 3, 1]);
  expect(bench.intake.taken - bench.intake.applied).toBe(1);
});

test("a pass that took long leaves the next one something to carry", async () => {
  const bench = intakeAt(4);
  for (let at = 0; at < 30; at++) bench.intake.take(UPDATES.slice(0, 3), 0);
  bench.pass(1_000);
  await untilDone(bench);
  const first = bench.intake.applied;
  expect(first).toBe(3);
  bench.intake.carry();
  await turn();
  await untilDone(bench);
  expect(bench.intake.applied - first).toBe(3);
});

test("nothing is due before so many groups are applied", async () => {
  const bench = intakeAt(30);
  for (const update of UPDATES) bench.intake.take([update, update], 0);
  await untilDone(bench, 7);
  expect(bench.intake.applied).toBe(7);
  await turn();
  await untilDone(bench, Infinity);
  expect(bench.intake.applied).toBe(10);
});

test("what is carried is as old as the change of it that was noticed first", async () => {
  const bench = intakeAt(30);
  for (const noticedAt of [5, 3, 9, 4]) bench.intake.take(UPDATES.slice(0, 2), noticedAt);
  expect(bench.intake.carry()).toBeUndefined();
  await untilDone(bench, 2);
  expect(bench.intake.applied).toBe(2);
  expect(bench.intake.carry()).toBe(3);
  await turn();
  await untilDone(bench, 3);
  await untilDone(bench, 4);
  expect(bench.intake.carry()).toBe(4);
  expect(bench.intake.carry()).toBeUndefined();
});
