import { expect, test } from "bun:test";
import { backOff } from "./settler.ts";
import { APPLIED, endpointUpdate, FAILED, until } from "./test-parts.ts";
import { bench, MANY, slow } from "./test-settler.ts";

test("nothing is settled before it is opened", async () => {
  const { dataplane, settler } = bench();
  settler.take([endpointUpdate("a")], 1);
  expect(dataplane.passes).toEqual([]);
  void settler.open();
  expect(dataplane.passes).toEqual([["x/a"]]);
  await settler.stop(0);
});

test("updates are applied before it is opened, between turns of the event loop", async () => {
  const { dataplane, settler, compiler } = bench(slow());
  settler.take(MANY.map(endpointUpdate), 1);
  expect(compiler.state.endpoints.size).toBeLessThan(MANY.length);
  await until(() => compiler.state.endpoints.size === MANY.length);
  expect(dataplane.passes).toEqual([]);
  await settler.stop(0);
});

test("what was taken together is never half in force", async () => {
  const { dataplane, settler } = bench(slow());
  settler.take(MANY.map(endpointUpdate), 1);
  await settler.open();
  expect(dataplane.passes).toEqual([MANY.map((name) => `x/${name}`)]);
  settler.take(["f", "g", "h"].map(endpointUpdate), 2);
  dataplane.finish(APPLIED);
  await dataplane.begun(2);
  expect(dataplane.passes[1]).toHaveLength(8);
  settler.take(["i", "j"].map(endpointUpdate), 3);
  settler.take(["k", "l"].map(endpointUpdate), 3);
  dataplane.finish(APPLIED);
  await dataplane.begun(3);
  expect(dataplane.passes[2]).toHaveLength(12);
  await settler.stop(0);
});

test("no updates are no reason for a pass", async () => {
  const { dataplane, settler } = bench();
  await settler.open();
  dataplane.finish(APPLIED);
  await settler.carried();
  settler.take([], 1);
  expect(dataplane.passes).toHaveLength(1);
  await settler.stop(0);
});

test("nothing is applied while a pass reads the ruleset", async () => {
  const { dataplane, settler, compiler } = bench();
  await settler.open();
  settler.take([endpointUpdate("a")], 1);
  await new Promise((resolve) => setImmediate(resolve));
  expect(compiler.state.endpoints.size).toBe(0);
  dataplane.finish(APPLIED);
  await dataplane.begun(2);
  expect(compiler.state.endpoints.size).toBe(1);
  await settler.stop(0);
});

test("stopped between two slices, it applies no more", async () => {
  const { dataplane, settler, compiler } = bench(slow());
  settler.take(MANY.map(endpointUpdate), 1);
  void settler.open();
  await settler.stop(1_000);
  expect(compiler.state.endpoints.size).toBeLessThan(MANY.length);
  expect(dataplane.passes).toEqual([]);
});

test("a compiler that throws is told as a crash", async () => {
  const { settler, crashes } = bench();
  const poison = { ...endpointUpdate("a"), kind: "nonsense" } as unknown as ReturnType<typeof endpointUpdate>;
  settler.take([poison], 1);
  await until(() => crashes.length === 1);
});

test("an idle settler begins at once; what comes meanwhile waits and is settled in one pass", async () => {
  const { dataplane, settler, ended } = bench();
  void settler.open();
  settler.take([endpointUpdate("a")], 1);
  settler.take([endpointUpdate("b")], 2);
  dataplane.finish(APPLIED);
  await dataplane.begun(2);
  expect(dataplane.passes).toEqual([[], ["x/a", "x/b"]]);
  dataplane.finish(APPLIED);
  await settler.stop(1_000);
  expect(ended.map(({ noticedAt }) => noticedAt)).toEqual([undefined]);
});

test("the wait of the oldest change is told, failures in between included", async () => {
  const { dataplane, settler, ended } = bench();
  void settler.open();
  dataplane.finish(APPLIED);
  await until(() => ended.length === 1);
  settler.take([endpointUpdate("a")], 7);
  settler.take([endpointUpdate("b")], 8);
  dataplane.finish(FAILED);
  await dataplane.begun(3);
  dataplane.finish(APPLIED);
  await until(() => ended.length === 3);
  expect(ended.map(({ noticedAt, failures }) => [noticedAt, failures])).toEqual([
    [undefined, 0],
    [7, 1],
    [7, 0],
  ]);
  await settler.stop(0);
});

test("a failed pass is tried again by itself until it works", async () => {
  const { dataplane, settler, ended } = bench();
  void settler.open();
  for (const pass of [1, 2, 3]) {
    dataplane.finish(FAILED);
    await dataplane.begun(pass + 1);
  }
  dataplane.finish(APPLIED);
  await until(() => ended.length === 4);
  expect(ended.map(({ failures }) => failures)).toEqual([1, 2, 3, 0]);
  expect(dataplane.passes).toHaveLength(4);
  await settler.stop(0);
});

test("one more pass when the grace of the first install ends", async () => {
  const { dataplane, settler } = bench();
  dataplane.status = { ...dataplane.status, grace: true, graceEndsAt: performance.now() + 5 };
  void settler.open();
  dataplane.finish(APPLIED);
  await dataplane.begun(2);
  await settler.stop(0);
});

test("after a crash nothing is tried any more", async () => {
  const { dataplane, settler, crashes } = bench();
  void settler.open();
  dataplane.fail(new Error("a bug"));
  await until(() => crashes.length === 1);
  settler.take([endpointUpdate("a")], 1);
  expect(crashes).toEqual([new Error("a bug")]);
  expect(dataplane.passes).toHaveLength(1);
});

test("stopping waits for the pass that runs and begins no other", async () => {
  const { dataplane, settler } = bench();
  void settler.open();
  settler.take([endpointUpdate("a")], 1);
  const stopped = settler.stop(10_000);
  dataplane.finish(APPLIED);
  await stopped;
  expect(dataplane.passes).toHaveLength(1);
});

test("stopping does not wait for ever", async () => {
  const { settler } = bench();
  void settler.open();
  await settler.stop(1);
});

test("the back-off doubles to half a minute, with jitter in its upper half", () => {
  const shortest = Array.from({ length: 12 }, (_, at) => backOff(at + 1, () => 0));
  const longest = Array.from({ length: 12 }, (_, at) => backOff(at + 1, () => 1));
  expect(shortest.slice(0, 3)).toEqual([50, 100, 200]);
  expect(longest.slice(0, 3)).toEqual([100, 200, 400]);
  expect(longest.at(-1)).toBe(30_000);
});

test("whoever asks what became of it hears of the pass that carries it, not of one before", async () => {
  const { dataplane, settler } = bench();
  const heard: string[] = [];
  const ask = (name: string): void =>
    void settler.carried().then(({ kind }) => heard.push(`${name} ${kind}`));
  ask("first");
  void settler.open();
  ask("riding");
  settler.take([endpointUpdate("a")], 1);
  ask("next");
  dataplane.finish(FAILED);
  await dataplane.begun(2);
  expect(heard).toEqual(["first failed", "riding failed"]);
  dataplane.finish(APPLIED);
  await until(() => heard.length === 3);
  ask("idle");
  await until(() => heard.length === 4);
  expect(heard.slice(2)).toEqual(["next applied", "idle applied"]);
  expect(dataplane.passes).toEqual([[], ["x/a"]]);
  await settler.stop(0);
});

test("after a failed pass the next one is waited for", async () => {
  const { dataplane, settler, ended } = bench();
  void settler.open();
  dataplane.finish(FAILED);
  await until(() => ended.length === 1);
  const carried = settler.carried();
  await dataplane.begun(2);
  dataplane.finish(APPLIED);
  expect(await carried).toEqual(APPLIED);
  await settler.stop(0);
});
