import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { uidOrder } from "./uid-order.ts";

test("UUIDs are ordered as their texts", () => {
  fc.assert(
    fc.property(fc.uuid(), fc.uuid(), (a, b) => {
      fc.pre(a.slice(0, 13) !== b.slice(0, 13));
      expect(Math.sign(uidOrder(a) - uidOrder(b))).toBe(a < b ? -1 : 1);
      expect(Number.isSafeInteger(uidOrder(a))).toBe(true);
    }),
  );
});

test("other texts too, by their beginnings", () => {
  const sorted = ["", "a", "aa", "b", "uid-1", "uid-10", "uid-2"];
  expect(sorted.toReversed().toSorted((a, b) => uidOrder(a) - uidOrder(b))).toEqual(sorted);
});
