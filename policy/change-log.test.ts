import { expect, test } from "bun:test";
import { createSetLog, createValueLog } from "./change-log.ts";

function logOf(sets: Map<string, Set<string>>) {
  const log = createSetLog<string, string>();
  return {
    create: (id: string, elements: readonly string[] = []) => {
      sets.set(id, new Set(elements));
      log.came(id);
    },
    add: (id: string, element: string) => {
      sets.get(id)?.add(element);
      log.changed(id, element);
    },
    remove: (id: string, element: string) => {
      sets.get(id)?.delete(element);
      log.changed(id, element);
    },
    drop: (id: string) => {
      sets.delete(id);
      log.went(id);
    },
    take: () => log.take((id) => sets.has(id)),
  };
}

test("a set that came or went is told as a whole, an empty one too", () => {
  const log = logOf(new Map());
  log.create("s");
  log.add("s", "a");
  log.create("empty");
  expect(log.take()).toEqual(
    new Map([
      ["s", "whole"],
      ["empty", "whole"],
    ]),
  );
  log.remove("s", "a");
  log.drop("s");
  expect(log.take()).toEqual(new Map([["s", "whole"]]));
  expect(log.take()).toEqual(new Map());
});

test("elements are told if they differ in the end", () => {
  const log = logOf(new Map([["s", new Set(["a", "b"])]]));
  log.add("s", "c");
  log.remove("s", "a");
  log.remove("s", "b");
  log.add("s", "b");
  expect(log.take()).toEqual(new Map([["s", new Set(["c", "a"])]]));
});

test("what changed back is not told", () => {
  const log = logOf(new Map([["s", new Set(["a", "b"])]]));
  log.remove("s", "a");
  log.add("s", "a");
  log.add("s", "c");
  log.remove("s", "c");
  expect(log.take()).toEqual(new Map());
  log.create("other");
  log.add("other", "z");
  log.drop("other");
  expect(log.take()).toEqual(new Map());
});

test("a set that went and came again is told as a whole, whatever it holds, and once more when it goes again", () => {
  const log = logOf(new Map([["s", new Set(["a", "b"])]]));
  log.drop("s");
  log.create("s", ["a", "b"]);
  expect(log.take()).toEqual(new Map([["s", "whole"]]));
  log.drop("s");
  log.create("s");
  log.drop("s");
  expect(log.take()).toEqual(new Map([["s", "whole"]]));
});

test("values are told if they differ in the end", () => {
  const log = createValueLog<string, { n: number }>((a, b) => a.n === b.n);
  const now = new Map([
    ["changed", { n: 2 }],
    ["same", { n: 1 }],
    ["new", { n: 1 }],
  ]);
  log.changing("changed", { n: 1 });
  log.changing("changed", { n: 2 });
  log.changing("same", { n: 1 });
  log.changing("new", undefined);
  log.changing("gone", { n: 1 });
  log.changing("never", undefined);
  expect(log.take(now)).toEqual(new Set(["changed", "new", "gone"]));
  expect(log.take(now)).toEqual(new Set());
});
