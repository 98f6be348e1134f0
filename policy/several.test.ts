import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { testSeed } from "../test/worlds/seed.ts";
import { count, items, type Several, withItem, withoutItem } from "./several.ts";

const things = Array.from({ length: 40 }, (_, number) => ({ number }));

test("it holds what a Set holds, however many they are", () => {
  const steps = fc.array(fc.tuple(fc.boolean(), fc.nat(things.length - 1)), { maxLength: 200, size: "max" });
  fc.assert(
    fc.property(steps, (changes) => {
      const expected = new Set<object>();
      let several: Several<object>;
      for (const [comes, at] of changes) {
        const thing = things[at]!;
        several = comes ? withItem(several, thing) : withoutItem(several, thing);
        if (comes) expected.add(thing);
        else expected.delete(thing);
        expect(count(several)).toBe(expected.size);
      }
      expect(new Set(items(several))).toEqual(expected);
      for (const thing of things) several = withoutItem(several, thing);
      expect(several).toBeUndefined();
    }),
    { seed: testSeed() },
  );
});
