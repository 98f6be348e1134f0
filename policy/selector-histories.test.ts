import { expect, setDefaultTimeout, test } from "bun:test";
import * as fc from "fast-check";
import type { Endpoint, Namespace } from "../model/endpoint.ts";
import type { Labels } from "../model/labels.ts";
import {
  type EndpointSelector,
  type NamespaceSelector,
  type Selector,
  selectorMatches,
} from "../model/selector.ts";
import { testRuns, testSeed } from "../test/worlds/seed.ts";
import { membersOf } from "./endpoint-groups.ts";
import { namespaceMatches } from "./namespace-scopes.ts";
import { createPace, finish } from "./pace.ts";
import { type ActiveSelector, createSelectorIndex } from "./selector-index.ts";
import { label, pod } from "./test-objects.ts";

setDefaultTimeout(120_000);

const NAMESPACES = ["x", "y"];
/** The same objects again and again, as the adapters share them. */
const SHARED: readonly Labels[] = [
  {},
  { app: "a" },
  { app: "b" },
  { app: "a", env: "live" },
  { env: "live" },
];
const EVERYTHING: Selector = { kind: "all" };

const selector: fc.Arbitrary<Selector> = fc.constantFrom<Selector>(
  EVERYTHING,
  { kind: "none" },
  { kind: "has", key: "env" },
  label("app", "a"),
  label("app", "a", "b"),
  { kind: "not", operand: label("app", "a") },
  { kind: "and", operands: [label("env", "live"), { kind: "not", operand: { kind: "has", key: "app" } }] },
  { kind: "and", operands: [label("env", "live"), label("app", "a", "c")] },
);

const where: fc.Arbitrary<NamespaceSelector> = fc.oneof(
  fc.constant<NamespaceSelector>({ kind: "any" }),
  fc.constantFrom(...NAMESPACES).map((name): NamespaceSelector => ({ kind: "named", name })),
  selector.map((one): NamespaceSelector => ({ kind: "labelled", selector: one })),
);

const labels: fc.Arbitrary<Labels> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...SHARED) },
  { weight: 1, arbitrary: fc.constantFrom(...SHARED).map((one): Labels => ({ ...one })) },
);

const namespaces = fc.constantFrom(...NAMESPACES);

type Deed =
  | {
      readonly kind: "pods";
      readonly first: number;
      readonly count: number;
      readonly labels: Labels;
      readonly own: boolean;
    }
  | { readonly kind: "gone"; readonly first: number; readonly count: number }
  | { readonly kind: "namespace"; readonly name: string; readonly value: Namespace | undefined }
  | { readonly kind: "acquire"; readonly selectors: readonly EndpointSelector[]; readonly user: string }
  | { readonly kind: "release"; readonly choice: number };

const some = { first: fc.nat(59), count: fc.integer({ min: 1, max: 25 }) };
const deed: fc.Arbitrary<Deed> = fc.oneof(
  fc.record({ kind: fc.constant("pods" as const), ...some, labels, own: fc.boolean() }),
  fc.record({ kind: fc.constant("gone" as const), ...some }),
  fc.record({
    kind: fc.constant("namespace" as const),
    name: namespaces,
    value: fc.option(
      fc
        .tuple(labels, fc.boolean())
        .map(([own, unreadable]): Namespace => ({ name: "", labels: own, unreadable })),
      { nil: undefined },
    ),
  }),
  fc.record({
    kind: fc.constant("acquire" as const),
    selectors: fc.array(fc.record({ namespaces: where, endpoints: selector }), {
      minLength: 1,
      maxLength: 6,
    }),
    user: fc.constantFrom("u", "v"),
  }),
  fc.record({ kind: fc.constant("release" as const), choice: fc.nat() }),
);

/** A cluster and the index beside it; `check` holds one against the other. */
function setUp() {
  const known = new Map<string, Namespace>();
  const index = createSelectorIndex<string>(known, createPace());
  const endpoints = new Map<string, Endpoint>();
  const nothing = new Set<ActiveSelector<string>>();
  const held: { active: ActiveSelector<string>; user: string }[] = [];

  const selects = ({ selector: asked }: ActiveSelector<string>, endpoint: Endpoint) =>
    namespaceMatches(asked.namespaces, endpoint.namespace, known) &&
    selectorMatches(asked.endpoints, endpoint.labels);

  const selecting = (endpoint: Endpoint) =>
    new Set(held.map(({ active }) => active).filter((active) => selects(active, endpoint)));

  function put(id: string, after: Endpoint | undefined): void {
    const before = endpoints.get(id);
    const expected = {
      before: before === undefined ? nothing : selecting(before),
      after: after === undefined ? nothing : selecting(after),
    };
    if (after === undefined) endpoints.delete(id);
    else endpoints.set(id, after);
    const { before: left, after: entered } = index.put(before, after);
    expect([new Set(left), new Set(entered)]).toEqual([expected.before, expected.after]);
  }

  function changeNamespace(name: string, value: Namespace | undefined): void {
    const inside = [...endpoints.values()].filter((endpoint) => endpoint.namespace === name);
    const before = new Map(inside.map((endpoint) => [endpoint, selecting(endpoint)]));
    if (value === undefined) known.delete(name);
    else known.set(name, { ...value, name });
    const moved = new Set<Endpoint>();
    for (const { group, ...change } of finish(index.namespaceChanged(name))) {
      for (const endpoint of membersOf(group)) {
        moved.add(endpoint);
        expect(new Set(change.before)).toEqual(before.get(endpoint)!);
        expect(new Set(change.after)).toEqual(selecting(endpoint));
      }
    }
    for (const endpoint of inside)
      if (!moved.has(endpoint)) expect(selecting(endpoint)).toEqual(before.get(endpoint)!);
  }

  function check(): void {
    for (const endpoint of endpoints.values())
      expect(new Set(index.matched(endpoint))).toEqual(selecting(endpoint));
    for (const { active } of held) {
      const members = [...active.groups].flatMap((group) => [...membersOf(group)]);
      const expected = [...endpoints.values()].filter((endpoint) => selects(active, endpoint));
      expect(members.map(({ id }) => id).toSorted()).toEqual(expected.map(({ id }) => id).toSorted());
    }
  }

  function run(one: Deed): void {
    switch (one.kind) {
      case "pods":
      case "gone":
        for (let at = one.first; at < one.first + one.count; at++) {
          const id = `${NAMESPACES[at % 2]}/${at % 60}`;
          if (one.kind === "gone") put(id, undefined);
          else put(id, pod(id, "", { labels: one.own ? { ...one.labels } : one.labels }));
        }
        return;
      case "namespace":
        return changeNamespace(one.name, one.value);
      case "acquire":
        for (const asked of one.selectors) {
          if (held.some(({ active, user }) => user === one.user && Bun.deepEquals(active.selector, asked)))
            continue;
          held.push({ active: index.acquire(asked, one.user), user: one.user });
        }
        return finish(index.settle());
      case "release": {
        const [gone] = held.splice(one.choice % (held.length || 1), 1);
        if (gone !== undefined) finish(index.release(gone.active, gone.user));
      }
    }
  }

  return { run, check };
}

test("whatever comes, goes and changes, in whatever order: who is selected is what the selectors say", () => {
  const deeds = fc.array(deed, { maxLength: 40, size: "max" });
  fc.assert(
    fc.property(deeds, (all) => {
      const { run, check } = setUp();
      for (const one of all) {
        run(one);
        check();
      }
    }),
    { seed: testSeed(), numRuns: testRuns("TORTIE_JOURNEYS", 100) },
  );
});
