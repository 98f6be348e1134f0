import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Problem } from "../../../model/problem.ts";
import { testSeed } from "../../../test/worlds/seed.ts";
import { createProblemList } from "./problem-list.ts";

const problem = (where: string, path: string): Problem => ({
  where,
  path,
  value: "",
  message: "",
  consequence: "",
});
const problems = fc.array(
  fc.tuple(fc.constantFrom("", "spec", "status")).map(([path]) => path),
  { maxLength: 3 },
);

test("whatever changed in whatever order: all there are, ordered by object and path", () => {
  const changes = fc.array(fc.tuple(fc.constantFrom("a", "b", "c", "d"), problems));
  fc.assert(
    fc.property(changes, (list) => {
      const known = createProblemList();
      const now = new Map<string, readonly Problem[]>();
      for (const [where, paths] of list) {
        const after = paths.map((path) => problem(where, path));
        known.replace(now.get(where) ?? [], after);
        now.set(where, after);
        const expected = [...now.values()].flat().map(({ where: at, path }) => `${at} ${path}`);
        expect(known.all().map(({ where: at, path }) => `${at} ${path}`)).toEqual(expected.toSorted());
      }
    }),
    { seed: testSeed() },
  );
});

test("it is the same list while nothing has changed, or not in the end", () => {
  const known = createProblemList();
  const [a, b] = [[problem("a", "")], [problem("b", "")]];
  known.replace([], a);
  const all = known.all();
  expect(known.all()).toBe(all);
  known.replace([], b);
  known.replace(b, []);
  expect(known.all()).toBe(all);
  known.replace(a, b);
  expect(known.all()).toEqual(b);
  expect(all).toEqual(a);
});
