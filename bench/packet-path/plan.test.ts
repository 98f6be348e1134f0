import { expect, test } from "bun:test";
import { orderOf, turnsOf } from "./plan.ts";
import { tasksOf, VARIANTS } from "./variants.ts";

test("every pass gives every task one turn", () => {
  for (let pass = 0; pass < 100; pass++)
    expect(orderOf(17, pass).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 17 }, (_, at) => at));
});

test("nobody always follows the same neighbour", () => {
  const before = new Set<number | undefined>();
  for (let pass = 0; pass < 100; pass++) {
    const order = orderOf(6, pass);
    before.add(order[order.indexOf(3) - 1]);
  }
  expect(before).toEqual(new Set([0, 1, 2, 4, 5, undefined]));
});

test("client and server see the same turns, a round for warming up before those that count", () => {
  const tasks = tasksOf(VARIANTS, 2);
  const rounds = [...turnsOf({ tasks, rounds: 3, passes: 2 })];
  expect(rounds).toHaveLength(4);
  for (const round of rounds) expect(round).toHaveLength(2 * tasks.length);
  expect([...turnsOf({ tasks, rounds: 3, passes: 2 })]).toEqual(rounds);
});
