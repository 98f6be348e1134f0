import { expect, test } from "bun:test";
import { createSetLog, createValueLog } from "./change-log.ts";

function logOf(sets: Map<string, Set<string>>) {
  const log = createSetLog<string, string>();
  return {
    create: (id: string) => {
      sets.set(id, new Set());
      log.came(id);
    },
    add: (id: string, element: string) => {
      sets.get(id)?.add(element);
      log.added(id, element);
    },
    remove: (id: string, element: string) => {
      sets.get(id)?.delete(element);
      log.removed(id, element);
    },
    drop: (id: string) => {
      log.went(id, sets.get(id) ?? []);
      sets.delete(id);
    },
    take: () => log.take((id) => sets.get(id)),
  };
}

test("a set that came is told with all it holds, one that went with all it held", () => {
  const log = logOf(new Map());
  log.create("s");
  log.add("s", "a");
  log.add("s", "b");
  log.remove("s", "b");
  expect(log.take()).toEqual(new Map([["s", new Set(["a"])]]));
  log.drop("s");
  expect(log.take()).toEqual(new Map([["s", new Set(["a"])]]));
  expect(log.take()).toEqual(new Map());
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

test("a set dropped and made again differs by its elements only", () => {
  const log = logOf(new Map([["s", new Set(["a", "b"])]]));
  log.drop("s");
  log.create("s");
  log.add("s", "b");
  log.add("s", "c");
  expect(log.take()).toEqual(new Map([["s", new Set(["a", "c"])]]));
});

test("an empty set that came or went is told too", () => {
  const log = logOf(new Map([["old", new Set()]]));
  log.create("new");
  log.drop("old");
  expect(log.take()).toEqual(
    new Map([
      ["new", new Set()],
      ["old", new Set()],
    ]),
  );
});

test("values are told if they differ in the end", () => {
  const log = createValueLog<string, { n: number }>();
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
