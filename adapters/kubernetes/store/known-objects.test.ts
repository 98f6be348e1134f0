import { expect, test } from "bun:test";
import { createKnownObjects } from "./known-objects.ts";

function known(...keys: string[]) {
  const objects = createKnownObjects<number>();
  for (const key of keys) objects.set(key, keys.indexOf(key));
  return objects;
}

test("what is new is marked, and what a round has not marked is told", () => {
  const objects = known("a", "b", "c");
  expect([...objects.unmarked()]).toEqual([]);
  objects.beginRound();
  objects.mark("a");
  objects.set("d", 3);
  expect([...objects.unmarked()]).toEqual(["b", "c"]);
  expect([objects.isUnmarked("a"), objects.isUnmarked("b"), objects.isUnmarked("x")]).toEqual([
    false,
    true,
    false,
  ]);
  objects.unmark("a");
  objects.delete("b");
  expect([...objects.unmarked()]).toEqual(["c", "a"]);
  expect(objects.size).toBe(3);
});

test("a mark changes nothing about a value, nor a value about its mark", () => {
  const objects = known("a", "b");
  objects.beginRound();
  objects.set("a", 7);
  objects.mark("b");
  objects.mark("x");
  expect([objects.get("a"), objects.get("b"), objects.get("x")]).toEqual([7, 1, undefined]);
  expect([...objects.unmarked()]).toEqual(["a"]);
  expect(new Map(objects.entries())).toEqual(
    new Map([
      ["a", 7],
      ["b", 1],
    ]),
  );
});

test.each(["a", "ab", "abc"])("a round may begin in the middle of another: %p", (done) => {
  const objects = known("a", "b", "c");
  objects.beginRound();
  for (const key of done) objects.mark(key);
  objects.beginRound();
  expect([...objects.unmarked()].toSorted()).toEqual(["a", "b", "c"]);
  expect(objects.size).toBe(3);
});
