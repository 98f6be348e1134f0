import { expect, test } from "bun:test";
import { APPLIED, endpointUpdate, FAILED, until } from "./test-parts.ts";
import { bench, flood } from "./test-settler.ts";

const MINUTE = (): number => 60_000;
/** Milliseconds: news brings a try forward to so much after the failure at least, and twice as much at most. */
const SHORTEST_BETWEEN = 500;

test("while passes fail, a flood is applied, is no flood of passes, and is in force soon after they work again", async () => {
  const { dataplane, settler, compiler } = bench({}, MINUTE);
  let outcome: typeof APPLIED | typeof FAILED = FAILED;
  dataplane.begins = () => dataplane.finish(outcome);
  const began = performance.now();
  await settler.open();
  const { size } = compiler.state.endpoints;
  using pouring = flood(settler);
  await until(() => compiler.state.endpoints.size >= size + 2_000);
  const most = 2 + (performance.now() - began) / SHORTEST_BETWEEN;
  expect(dataplane.passes.length).toBeLessThanOrEqual(most);
  outcome = APPLIED;
  settler.take([endpointUpdate("mine")], 1);
  expect(await settler.carried()).toEqual(APPLIED);
  expect(dataplane.passes.at(-1)).toContain("x/mine");
  pouring[Symbol.dispose]();
  await settler.stop(0);
});

test("a change that comes after a failure, or within the failing pass, does not wait for the long delay", async () => {
  const { dataplane, settler, ended } = bench({}, MINUTE);
  void settler.open();
  dataplane.finish(FAILED);
  await until(() => ended.length === 1);
  settler.take([endpointUpdate("after")], 1);
  await dataplane.begun(2);
  settler.take([endpointUpdate("within")], 1);
  dataplane.finish(FAILED);
  await dataplane.begun(3);
  expect(dataplane.passes).toEqual([[], ["x/after"], ["x/after", "x/within"]]);
  expect(ended.map(({ first }) => first)).toEqual([true, true]);
  expect(ended[0]?.retryMilliseconds).toBe(60_000);
  expect(ended[1]?.retryMilliseconds).toBeWithin(SHORTEST_BETWEEN, 1_001);
  dataplane.finish(APPLIED);
  await until(() => ended.length === 3);
  settler.again();
  await dataplane.begun(4);
  dataplane.finish(APPLIED);
  await until(() => ended.length === 4);
  expect(ended.map(({ first }) => first)).toEqual([true, true, true, false]);
  await settler.stop(0);
});
