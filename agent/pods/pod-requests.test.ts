import { expect, test } from "bun:test";
import { FAILED } from "../test-parts.ts";
import { testPod, testRecord } from "./test-records.ts";
import { CHECK, DELETE, NODE, requestBench } from "./test-requests.ts";

test("a deletion is answered once it is in force, and tells a pod that is being deleted so", async () => {
  const { know, ask, pass, localPods, events } = requestBench();
  localPods.put(testRecord("c1"));
  know(testPod("a", { deleting: true }));
  const { answers, ended } = ask(DELETE);
  await pass(FAILED);
  expect(answers.map(({ kind }) => kind)).toEqual(["waiting"]);
  await pass();
  await ended;
  expect(answers.at(-1)).toEqual({ kind: "deleted" });
  expect(events).toEqual(["unwired c1"]);
});

test("a pod that gets another container, or never had this one's network, is told nothing", async () => {
  const { know, ask, pass, localPods, events } = requestBench();
  localPods.put(testRecord("c1"));
  know(testPod("a"));
  await Promise.all([ask(DELETE).ended, pass()]);
  localPods.put(testRecord("c1", { addresses: [] }));
  know(testPod("a", { deleting: true }));
  await Promise.all([ask(DELETE).ended, pass()]);
  expect(events).toEqual([]);
});

test("a deletion of what nobody knows, or before the first rules, is answered at once", async () => {
  const { know, ask, localPods, status } = requestBench();
  const unknown = ask(DELETE);
  await unknown.ended;
  localPods.put(testRecord("c1"));
  know(testPod("a"));
  status.applied = false;
  const early = ask(DELETE);
  await early.ended;
  expect([...unknown.answers, ...early.answers]).toEqual([{ kind: "deleted" }, { kind: "deleted" }]);
});

test("the late deletion of an earlier container says nothing to the pod of the later one", async () => {
  const { know, ask, pass, localPods, events } = requestBench();
  localPods.put(testRecord("c1"));
  localPods.put(testRecord("c2", { createdAt: 2 }));
  know(testPod("a", { deleting: true }));
  await Promise.all([ask(DELETE).ended, pass()]);
  expect(events).toEqual([]);
});

test("a check answers once, whatever it finds", async () => {
  const { know, ask, pass, localPods, status } = requestBench();
  const unknown = ask(CHECK);
  await unknown.ended;
  expect(unknown.answers).toMatchObject([{ kind: "refused", found: "the agent does not know container c1" }]);
  localPods.put(testRecord("c1"));
  const podless = ask(CHECK);
  await podless.ended;
  expect(podless.answers).toMatchObject([{ kind: "waiting" }]);
  know(testPod("a"));
  const well = ask(CHECK);
  await Promise.all([well.ended, pass()]);
  expect(well.answers).toEqual([{ kind: "programmed" }]);
  Object.assign(status, { failure: "EPERM" });
  const failing = ask(CHECK);
  await failing.ended;
  expect(failing.answers).toEqual([{ kind: "waiting", for: "EPERM" }]);
});

test("the node's facts wait for the datastore, the state does not", async () => {
  const { ask, status, ring } = requestBench();
  Object.assign(status, { inSync: false, applied: false });
  const [state, node] = [ask({ kind: "state" }), ask({ kind: "node" })];
  await state.ended;
  const waitingFor = "the agent reads the datastore for the first time";
  expect(state.answers).toEqual([{ kind: "state", waitingFor }]);
  Object.assign(status, { inSync: true });
  ring();
  await node.ended;
  expect(node.answers).toEqual([
    { kind: "waiting", for: waitingFor },
    { kind: "node", node: NODE },
  ]);
  Object.assign(status, { applied: true });
  const ready = ask({ kind: "state" });
  await ready.ended;
  expect(ready.answers).toEqual([{ kind: "state", node: NODE }]);
});
