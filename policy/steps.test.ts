import { expect, test } from "bun:test";
import type { Address } from "../model/address.ts";
import type { Endpoint } from "../model/endpoint.ts";
import type { Update } from "../model/update.ts";
import { type Compiler, compileRuleset, createCompiler } from "./compiler.ts";
import {
  allow,
  block,
  gone,
  label,
  namespace,
  peer,
  pod,
  podsOf,
  podsWhereNamespace,
  policy,
  port,
  put,
} from "./test-objects.ts";

const PODS = 3000;
/** Endpoints are few things each: their labels, addresses and ports are looked at several times. */
const MOST_LOOKS = 2000;

/** Endpoints elsewhere that count how often somebody looks at them. */
function countingPods(): { looks: number; readonly pods: readonly Endpoint[] } {
  const counter = { looks: 0 };
  const pods = Array.from({ length: PODS }, (_, at): Endpoint => {
    const address = `10.1.${at >> 8}.${at & 255}`;
    const base = pod(`far/p${at}`, address, {
      attachment: undefined,
      labels: { app: `a${at % 700}`, at: `${at}` },
    });
    const addresses = [address as Address];
    return Object.defineProperty({ ...base }, "addresses", {
      enumerable: true,
      get: () => (counter.looks++, addresses),
    });
  });
  return Object.assign(counter, { pods });
}

/** Applies, and tells how many steps it took and the most looks between two of them. */
function applied(compiler: Compiler, counter: { looks: number }, updates: readonly Update[]) {
  let [steps, most, all] = [0, 0, 0];
  counter.looks = 0;
  for (const _ of compiler.applyInSteps(updates)) {
    steps++;
    most = Math.max(most, counter.looks);
    all += counter.looks;
    counter.looks = 0;
  }
  return { steps, most: Math.max(most, counter.looks), all: all + counter.looks };
}

function setUp() {
  const counter = countingPods();
  const compiler = createCompiler();
  compiler.apply([put(namespace("x")), put(namespace("far")), put(pod("x/here", "10.0.0.1"))]);
  return { counter, compiler };
}

const everyPod = policy("x/every", {
  ingress: [allow([peer({ namespaces: { kind: "any" }, endpoints: { kind: "all" } })])],
});
const byTeam = policy("x/team", {
  ingress: [allow([peer(podsWhereNamespace("red"))], [port(80)])],
  egress: [allow([peer({ namespaces: { kind: "any" }, endpoints: label("app", "a1", "a2") })])],
});

test("what concerns every endpoint goes in short steps, and ends where a compile from scratch ends", () => {
  const { counter, compiler } = setUp();
  const walks: readonly (readonly Update[])[] = [
    counter.pods.map(put),
    [put(everyPod), put(byTeam)],
    [put(namespace("far", { name: "red" }))],
    [put(namespace("far", {}))],
    [gone(everyPod)],
    [{ kind: "node", name: "here", value: { name: "here", podCidrs: ["10.1.0.0/20" as never] } }],
    counter.pods.slice(0, 2000).map(gone),
  ];
  for (const updates of walks) {
    const { steps, most } = applied(compiler, counter, updates);
    expect(steps).toBeGreaterThan(5);
    expect(most).toBeLessThan(MOST_LOOKS);
    expect(compiler.ruleset).toEqual(compileRuleset(compiler.state));
  }
});

test("programs of many policies with many peers are built in steps", () => {
  const { counter, compiler } = setUp();
  const many = Array.from({ length: 300 }, (_, at) =>
    policy(`x/p${at}`, {
      ingress: [allow([block(`10.9.${at >> 8}.${at & 255}/32`)], [port(1 + at, 1000 + at)])],
    }),
  );
  const { steps } = applied(compiler, counter, many.map(put));
  // Ranges of ports that overlap make 599 runs, with 150 peers each in the mean.
  expect(steps).toBeGreaterThan(300);
});

test("an event that changes nothing looks at nobody else", () => {
  const { counter, compiler } = setUp();
  const node: Update = {
    kind: "node",
    name: "here",
    value: { name: "here", podCidrs: ["10.1.0.0/20" as never] },
  };
  compiler.apply([
    ...counter.pods.map(put),
    put(policy("x/one", { ingress: [allow([peer(podsOf("far", "a1"))])] })),
    node,
  ]);
  expect(applied(compiler, counter, [{ ...node, value: { ...node.value } }] as Update[]).all).toBe(0);
  expect(applied(compiler, counter, [put(namespace("far", { name: "other" }))]).all).toBe(0);
  const one = counter.pods[7]!;
  expect(applied(compiler, counter, [put({ ...one, labels: { app: "a8" } })]).all).toBeLessThan(40);
});
