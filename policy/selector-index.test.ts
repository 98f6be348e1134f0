import { expect, test } from "bun:test";
import type { Endpoint, Namespace } from "../model/endpoint.ts";
import type { EndpointSelector, Selector } from "../model/selector.ts";
import { membersOf } from "./endpoint-groups.ts";
import { createPace, finish } from "./pace.ts";
import { type ActiveSelector, createSelectorIndex, type SelectorIndex } from "./selector-index.ts";
import { label, namespace, pod, podsOf, podsWhereNamespace } from "./test-objects.ts";

const a = pod("x/a", "10.0.0.1");
const b = pod("x/b", "10.0.0.2");
const far = pod("y/a", "10.0.1.1");

function setUp() {
  const namespaces = new Map<string, Namespace>([
    ["x", namespace("x")],
    ["y", namespace("y")],
  ]);
  const index = createSelectorIndex<string>(namespaces, createPace());
  for (const endpoint of [a, b, far]) index.put(undefined, endpoint);
  const acquire = (selector: EndpointSelector, user = "u") => {
    const active = index.acquire(selector, user);
    finish(index.settle());
    return active;
  };
  const release = (active: ActiveSelector<string>, user = "u") => finish(index.release(active, user));
  return { namespaces, index, acquire, release };
}

function members({ groups }: ActiveSelector<string>): string[] {
  return [...groups].flatMap((group) => Array.from(membersOf(group), ({ id }) => id)).toSorted();
}

test("a new selector finds the endpoints that are there", () => {
  const { acquire } = setUp();
  expect(members(acquire(podsOf("x")))).toEqual([a.id, b.id]);
  expect(members(acquire(podsOf("x", "b")))).toEqual([b.id]);
  expect(members(acquire(podsWhereNamespace("y")))).toEqual([far.id]);
  expect(members(acquire({ namespaces: { kind: "any" }, endpoints: label("app", "a") }))).toEqual([
    a.id,
    far.id,
  ]);
});

test("equal selectors are one, which goes with its last user", () => {
  const { index, acquire, release } = setUp();
  const one = acquire(podsOf("x"));
  expect(acquire(podsOf("x"), "v")).toBe(one);
  release(one, "u");
  expect(index.matched(a)).toEqual(new Set([one]));
  release(one, "v");
  expect(index.matched(a).size).toBe(0);
  expect(members(one)).toEqual([]);
  expect(acquire(podsOf("x"))).not.toBe(one);
});

test("a changed endpoint enters and leaves, a removed one leaves everything", () => {
  const { index, acquire } = setUp();
  const all = acquire(podsOf("x"));
  const onlyA = acquire(podsOf("x", "a"));
  const onlyB = acquire(podsOf("x", "b"));
  const changed = { ...a, labels: { app: "b" } };
  expect(index.put(a, changed)).toEqual({ before: new Set([all, onlyA]), after: new Set([all, onlyB]) });
  expect(members(onlyB)).toEqual([a.id, b.id]);
  expect(index.put(changed, undefined)).toEqual({ before: new Set([all, onlyB]), after: new Set() });
  expect(members(all)).toEqual([b.id]);
});

test("labels of a namespace move its endpoints, and only where they are asked for", () => {
  const { index, namespaces, acquire } = setUp();
  const named = acquire(podsOf("x"));
  const labelled = acquire(podsWhereNamespace("z"));
  const change = (value: Namespace) => {
    namespaces.set("x", value);
    return finish(index.namespaceChanged("x")).length;
  };
  expect(change(namespace("x", { name: "z" }))).toBe(2);
  expect(members(labelled)).toEqual([a.id, b.id]);
  expect(change(namespace("x", { name: "z", more: "yes" }))).toBe(0);
  expect(change({ ...namespace("x", { name: "z" }), unreadable: true })).toBe(2);
  expect(members(labelled)).toEqual([]);
  expect(members(named)).toEqual([a.id, b.id]);
  namespaces.delete("x");
  expect(finish(index.namespaceChanged("x"))).toEqual([]);
});

test("endpoints that share their labels come and go one by one, few or many", () => {
  for (const count of [3, 40]) {
    const { index, acquire } = setUp();
    const labels = { app: "many" };
    const many = Array.from({ length: count }, (_, at) => pod(`x/m${at}`, "", { labels }));
    for (const one of many.slice(1)) index.put(undefined, one);
    const active = acquire(podsOf("x", "many"));
    index.put(undefined, many[0]);
    expect(members(active).length).toBe(count);
    const renamed: Endpoint = { ...many[1]!, startedAt: 9 };
    index.put(many[1], renamed);
    expect(members(active).length).toBe(count);
    for (const one of [renamed, many[0]!, ...many.slice(2)]) index.put(one, undefined);
    expect(members(active)).toEqual([]);
    expect(active.groups.size).toBe(0);
  }
});

/** Selectors that count how often they are asked. */
function counting(): { asked: number; selector(where: string, endpoints: Selector): EndpointSelector } {
  const counter = {
    asked: 0,
    selector(where: string, endpoints: Selector): EndpointSelector {
      const namespaces =
        where === "" ? ({ kind: "any" } as const) : ({ kind: "named", name: where } as const);
      return {
        namespaces,
        get endpoints() {
          counter.asked++;
          return endpoints;
        },
      };
    },
  };
  return counter;
}

const and = (...operands: Selector[]): Selector => ({ kind: "and", operands });
const not = (operand: Selector): Selector => ({ kind: "not", operand });

test.each(["", "x"])(
  "of 5,000 selectors an endpoint event asks those that mention its labels (%p)",
  (where) => {
    const { index, acquire } = setUp();
    const counter = counting();
    for (let at = 0; at < 5000; at++) {
      acquire(counter.selector(where, and(label("env", "live"), label("team", `t${at}`))));
    }
    acquire(counter.selector(where, { kind: "has", key: "team" }));
    acquire(counter.selector(where, { kind: "has", key: "canary" }));
    acquire(counter.selector(where, label("app", "a", "web")));
    acquire(counter.selector(where, and(not(label("team", "t7")), not({ kind: "has", key: "app" }))));
    acquire(counter.selector("y", label("app", "web")));
    counter.asked = 0;
    const changed = { ...a, labels: { app: "web", env: "live", team: "t7" } };
    const { before, after } = index.put(a, changed);
    expect([before.size, after.size]).toEqual([1, 3]);
    // The fourth asks for no label that must be there. One selector of env may stand under it: which is the rarest is not known at first.
    expect(counter.asked).toBeGreaterThanOrEqual(4);
    expect(counter.asked).toBeLessThanOrEqual(5);
    counter.asked = 0;
    index.put(changed, { ...changed, startedAt: 2 });
    index.put(undefined, pod("x/c", "", { labels: changed.labels }));
    expect(counter.asked).toBe(0);
  },
);

test("a new selector is asked once for endpoints with the same labels", () => {
  const { index, acquire } = setUp();
  const labels = { app: "many" };
  for (let at = 0; at < 1000; at++) index.put(undefined, pod(`x/m${at}`, "", { labels }));
  const counter = counting();
  const active = acquire(counter.selector("", label("app", "many")));
  expect(members(active).length).toBe(1000);
  expect(counter.asked).toBeLessThan(20);
});

function countingNamespaces(index: SelectorIndex<string>): { asked: number; of(selector: Selector): void } {
  const counter = {
    asked: 0,
    of(selector: Selector) {
      const where = {
        kind: "labelled",
        get selector() {
          counter.asked++;
          return selector;
        },
      } as const;
      index.acquire({ namespaces: where, endpoints: { kind: "all" } }, "u");
      finish(index.settle());
    },
  };
  return counter;
}

test("of 5,000 selectors of namespaces a namespace event asks those that mention its labels", () => {
  const { index, namespaces } = setUp();
  const counter = countingNamespaces(index);
  for (let at = 0; at < 5000; at++) counter.of(label("team", `t${at}`));
  counter.asked = 0;
  for (const team of ["t1", "t2"]) {
    namespaces.set("x", namespace("x", { team }));
    expect(finish(index.namespaceChanged("x")).length).toBe(2);
  }
  expect(counter.asked).toBeLessThan(20);
});
