import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Labels } from "./labels.ts";
import { endpointSelectorText, type Selector, selectorMatches, selectorText } from "./selector.ts";

const key = fc.constantFrom("app", "team", "constructor", "__proto__", "toString");
const value = fc.constantFrom("", "a", "b", "c");
const labels: fc.Arbitrary<Labels> = fc
  .array(fc.tuple(key, value), { maxLength: 4 })
  .map((entries) => Object.fromEntries(entries));
const { selector } = fc.letrec<{ selector: Selector }>((tie) => ({
  selector: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom<Selector>({ kind: "all" }, { kind: "none" }),
    key.map((name): Selector => ({ kind: "has", key: name })),
    fc
      .tuple(key, fc.array(value, { maxLength: 3 }))
      .map(([name, values]): Selector => ({ kind: "in", key: name, values })),
    tie("selector").map((operand): Selector => ({ kind: "not", operand })),
    fc.array(tie("selector"), { maxLength: 3 }).map((operands): Selector => ({ kind: "and", operands })),
  ),
}));
const options = { seed: Number(process.env["TORTIE_SEED"] ?? Date.now()), numRuns: 1000 };

test.each<[Selector, Labels, boolean]>([
  [{ kind: "all" }, {}, true],
  [{ kind: "none" }, { app: "a" }, false],
  [{ kind: "has", key: "app" }, { app: "" }, true],
  [{ kind: "has", key: "constructor" }, {}, false],
  [{ kind: "has", key: "constructor" }, Object.fromEntries([["constructor", "c"]]), true],
  [{ kind: "in", key: "app", values: ["a", "b"] }, { app: "b" }, true],
  [{ kind: "in", key: "app", values: [] }, { app: "b" }, false],
  [{ kind: "in", key: "app", values: [""] }, {}, false],
  [{ kind: "not", operand: { kind: "in", key: "app", values: ["a"] } }, {}, true],
  [{ kind: "and", operands: [] }, {}, true],
])("%j on %j: %p", (given, on, matches) => {
  expect(selectorMatches(given, on)).toBe(matches);
});

test("not is the opposite, and a conjunction holds exactly where all of it does", () => {
  fc.assert(
    fc.property(selector, selector, labels, (one, two, on) => {
      const [first, second] = [selectorMatches(one, on), selectorMatches(two, on)];
      expect(selectorMatches({ kind: "not", operand: one }, on)).toBe(!first);
      expect(selectorMatches({ kind: "and", operands: [one, two] }, on)).toBe(first && second);
    }),
    options,
  );
});

test("selectors of plain labels with one text answer alike", () => {
  fc.assert(
    fc.property(
      fc.array(selector, { minLength: 2, maxLength: 8 }),
      fc.array(labels, { minLength: 3 }),
      (selectors, all) => {
        const answers = new Map<string, boolean[]>();
        for (const one of selectors) {
          const answer = all.map((on) => selectorMatches(one, on));
          expect(answers.get(selectorText(one)) ?? answer).toEqual(answer);
          answers.set(selectorText(one), answer);
        }
      },
    ),
    options,
  );
});

test("the order of operands and values does not show in the text", () => {
  const a: Selector = { kind: "in", key: "app", values: ["b", "a"] };
  const b: Selector = { kind: "not", operand: { kind: "has", key: "team" } };
  expect(selectorText({ kind: "and", operands: [a, b] })).toBe("!(has(team)) && app in {'a', 'b'}");
  expect(selectorText({ kind: "and", operands: [b, { ...a, values: ["a", "b"] }] })).toBe(
    "!(has(team)) && app in {'a', 'b'}",
  );
  expect(selectorText({ kind: "in", key: "app", values: ["a"] })).toBe("app == 'a'");
});

test("namespaces and pods are named apart", () => {
  const endpoints: Selector = { kind: "has", key: "app" };
  expect(endpointSelectorText({ namespaces: { kind: "any" }, endpoints })).toBe("has(app)");
  expect(endpointSelectorText({ namespaces: { kind: "named", name: "x" }, endpoints })).toBe(
    "namespace 'x': has(app)",
  );
  expect(
    endpointSelectorText({
      namespaces: { kind: "labelled", selector: endpoints },
      endpoints: { kind: "all" },
    }),
  ).toBe("namespaces (has(app)): all()");
});
