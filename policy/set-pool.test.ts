import { expect, test } from "bun:test";
import { createSetPool, createSetSteps } from "./set-pool.ts";

const [a, b] = [{ name: "a" }, { name: "b" }];

test("equal sets are one, whatever the order of their items", () => {
  const pool = createSetPool<object>();
  const both = pool.take([a, b]);
  expect(pool.take([b, a])).toBe(both);
  expect(pool.take([a])).not.toBe(both);
  expect(both).toEqual(new Set([a, b]));
});

test("a set is forgotten when everybody who took it has given it back", () => {
  const pool = createSetPool<object>();
  const first = pool.take([a, b]);
  pool.take([a, b]);
  pool.release(first);
  expect(pool.take([a, b])).toBe(first);
  pool.release(first);
  pool.release(first);
  expect(pool.take([a, b])).not.toBe(first);
  pool.release(first);
  expect(pool.take([a, b])).toEqual(new Set([a, b]));
});

test("sets that differ by an item are worked out once, and forgotten at the end unless somebody keeps them", () => {
  const pool = createSetPool<object>();
  const steps = createSetSteps(pool);
  const onlyA = pool.take([a]);
  const both = steps.toggled(onlyA, b);
  expect(both).toEqual(new Set([a, b]));
  expect(steps.toggled(onlyA, b)).toBe(both);
  expect(steps.toggled(both, b)).toBe(onlyA);
  expect(pool.again(both)).toBe(both);
  steps.end();
  expect(pool.take([a, b])).toBe(both);
  expect(pool.take([a])).toBe(onlyA);
});
