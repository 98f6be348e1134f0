import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Labels } from "../model/labels.ts";
import { type Selector, selectorMatches } from "../model/selector.ts";
import { testRuns, testSeed } from "../test/worlds/seed.ts";
import {
  addToIndex,
  createLabelIndex,
  findInIndex,
  type LabelIndex,
  removeFromIndex,
} from "./label-index.ts";

const keys = fc.constantFrom("app", "env", "constructor");
const values = fc.constantFrom("a", "b", "");
const arbitraryLabels: fc.Arbitrary<Labels> = fc.dictionary(keys, values);

const leaf: fc.Arbitrary<Selector> = fc.oneof(
  fc.constantFrom<Selector>({ kind: "all" }, { kind: "none" }),
  keys.map((key): Selector => ({ kind: "has", key })),
  fc.tuple(keys, fc.array(values, { maxLength: 3 })).map(([key, list]): Selector => {
    return { kind: "in", key, values: list };
  }),
);

const arbitrarySelector: fc.Arbitrary<Selector> = fc.letrec<{ selector: Selector }>((tie) => ({
  selector: fc.oneof(
    { maxDepth: 3 },
    leaf,
    tie("selector").map((operand): Selector => ({ kind: "not", operand })),
    fc.array(tie("selector"), { maxLength: 3 }).map((operands): Selector => ({ kind: "and", operands })),
  ),
})).selector;

function found(index: LabelIndex<number>, labels: Labels): number[] {
  const all: number[] = [];
  findInIndex(index, labels, (item) => all.push(item));
  return all.toSorted((a, b) => a - b);
}

test("whatever matches is found, once, and what was removed is not", () => {
  const selectors = fc.array(arbitrarySelector, { maxLength: 12 });
  fc.assert(
    fc.property(selectors, fc.array(fc.nat(11)), arbitraryLabels, (all, removed, labels) => {
      const index = createLabelIndex<number>();
      for (const [at, selector] of all.entries()) addToIndex(index, at, selector);
      for (const at of removed) if (all[at] !== undefined) removeFromIndex(index, at, all[at]);
      const candidates = found(index, labels);
      expect(new Set(candidates).size).toBe(candidates.length);
      for (const [at, selector] of all.entries()) {
        if (removed.includes(at)) expect(candidates).not.toContain(at);
        else if (selectorMatches(selector, labels)) expect(candidates).toContain(at);
      }
      for (const [at, selector] of all.entries()) removeFromIndex(index, at, selector);
      expect([index.rest.size, index.byKey?.size ?? 0]).toEqual([0, 0]);
    }),
    { seed: testSeed(), numRuns: testRuns("TORTIE_JOURNEYS", 500) },
  );
});

test("a selector stands under the label that fewest others require", () => {
  const index = createLabelIndex<number>();
  const live: Selector = { kind: "in", key: "env", values: ["live"] };
  for (let at = 0; at < 100; at++) {
    const own: Selector = { kind: "in", key: "app", values: [`a${at}`] };
    addToIndex(index, at, { kind: "and", operands: [live, { kind: "has", key: "env" }, own] });
  }
  expect(found(index, { env: "live", app: "a50" }).length).toBeLessThanOrEqual(2);
  expect(found(index, { env: "live", app: "a50" })).toContain(50);
});
