import { expect, test } from "bun:test";
import type { Namespace } from "../model/endpoint.ts";
import { type ActiveSelector, createSelectorIndex } from "./selector-index.ts";
import { label, namespace, pod, podsOf, podsWhereNamespace } from "./test-objects.ts";

const a = pod("x/a", "10.0.0.1");
const b = pod("x/b", "10.0.0.2");
const far = pod("y/a", "10.0.1.1");

function setUp() {
  const namespaces = new Map<string, Namespace>([
    ["x", namespace("x")],
    ["y", namespace("y")],
  ]);
  const index = createSelectorIndex<string>(namespaces);
  for (const endpoint of [a, b, far]) index.put(undefined, endpoint);
  return { namespaces, index };
}

function members(active: ActiveSelector<string>): string[] {
  return [...active.members].toSorted();
}

test("a new selector finds the endpoints that are there", () => {
  const { index } = setUp();
  expect(members(index.acquire(podsOf("x"), "u"))).toEqual([a.id, b.id]);
  expect(members(index.acquire(podsOf("x", "b"), "u"))).toEqual([b.id]);
  expect(members(index.acquire(podsWhereNamespace("y"), "u"))).toEqual([far.id]);
  expect(members(index.acquire({ namespaces: { kind: "any" }, endpoints: label("app", "a") }, "u"))).toEqual([
    a.id,
    far.id,
  ]);
});

test("equal selectors are one, which goes with its last user", () => {
  const { index } = setUp();
  const one = index.acquire(podsOf("x"), "u");
  expect(index.acquire(podsOf("x"), "v")).toBe(one);
  index.release(one, "u");
  expect(index.matched(a.id)).toEqual(new Set([one]));
  index.release(one, "v");
  expect(index.matched(a.id).size).toBe(0);
  expect(index.acquire(podsOf("x"), "u")).not.toBe(one);
});

test("a changed endpoint enters and leaves, a removed one leaves everything", () => {
  const { index } = setUp();
  const all = index.acquire(podsOf("x"), "u");
  const onlyA = index.acquire(podsOf("x", "a"), "u");
  const onlyB = index.acquire(podsOf("x", "b"), "u");
  const changed = { ...a, labels: { app: "b" } };
  expect(index.matched(a.id)).toEqual(new Set([all, onlyA]));
  index.put(a, changed);
  expect(index.matched(a.id)).toEqual(new Set([all, onlyB]));
  expect(members(onlyB)).toEqual([a.id, b.id]);
  index.put(changed, undefined);
  expect(index.matched(a.id).size).toBe(0);
  expect(members(all)).toEqual([b.id]);
});

test("labels of a namespace move its endpoints, and only where they are asked for", () => {
  const { index, namespaces } = setUp();
  const named = index.acquire(podsOf("x"), "u");
  const labelled = index.acquire(podsWhereNamespace("z"), "u");
  namespaces.set("x", namespace("x", { name: "z" }));
  expect(index.namespaceChanged("x").map(({ id, after }) => [id, [...after]])).toEqual([
    [a.id, [named, labelled]],
    [b.id, [named, labelled]],
  ]);
  namespaces.set("x", { ...namespace("x", { name: "z" }), unreadable: true });
  expect(index.namespaceChanged("x").length).toBe(2);
  expect(members(labelled)).toEqual([]);
  expect(members(named)).toEqual([a.id, b.id]);
  namespaces.delete("x");
  expect(index.namespaceChanged("x")).toEqual([]);
});

test("an endpoint is asked the questions of its namespace only", () => {
  const { index } = setUp();
  let asked = 0;
  const counting = (of: string) =>
    index.acquire({ namespaces: { kind: "named", name: of }, endpoints: label("app", "a") }, of);
  for (const of of ["x", "y", "z"]) counting(of);
  const labels = new Proxy(
    { app: "a" },
    { getOwnPropertyDescriptor: (target, key) => (asked++, Reflect.getOwnPropertyDescriptor(target, key)) },
  );
  index.put(a, { ...a, labels });
  expect(asked).toBe(1);
});
