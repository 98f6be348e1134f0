import { expect, test } from "bun:test";
import type { Address } from "../../model/address.ts";
import { createLeftoverRoutes } from "./leftover-routes.ts";

const [A, B, C] = ["10.1.0.1", "10.1.0.2", "10.1.0.3"] as [Address, Address, Address];

test("what is nobody's for long enough is removed, once, the oldest first", async () => {
  const removed: string[] = [];
  using leftovers = createLeftoverRoutes({
    remove: (address, link) => removed.push(`${address} ${link}`),
    graceMilliseconds: 5,
  });
  leftovers.seen(A, 7);
  leftovers.seen(B, 7);
  leftovers.seen(C, 7);
  leftovers.seen(A, 7);
  leftovers.forget(B);
  while (removed.length < 2) await Bun.sleep(1);
  await Bun.sleep(6);
  expect(removed).toEqual([`${A} 7`, `${C} 7`]);
  leftovers.seen(B, 8);
  while (removed.length < 3) await Bun.sleep(1);
  expect(removed.at(-1)).toBe(`${B} 8`);
});

test("by another interface its time begins anew", async () => {
  const removed: string[] = [];
  using leftovers = createLeftoverRoutes({
    remove: (address, link) => removed.push(`${address} ${link}`),
    graceMilliseconds: 10,
  });
  leftovers.seen(A, 7);
  leftovers.seen(B, 7);
  leftovers.seen(A, 8);
  while (removed.length < 2) await Bun.sleep(1);
  expect(removed).toEqual([`${B} 7`, `${A} 8`]);
});

test("nothing is removed after the end", async () => {
  const removed: Address[] = [];
  const leftovers = createLeftoverRoutes({
    remove: (address) => removed.push(address),
    graceMilliseconds: 0,
  });
  leftovers.seen(A, 7);
  leftovers[Symbol.dispose]();
  await Bun.sleep(2);
  expect(removed).toEqual([]);
});
