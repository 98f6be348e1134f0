import { expect, test } from "bun:test";
import type { PodLookUp } from "../../adapters/datastore.ts";
import type { RequestBody } from "../../handshake/messages.ts";
import { until } from "../test-parts.ts";
import { podGone, testPod, testRecord } from "./test-records.ts";
import { type RequestBench, requestBench } from "./test-requests.ts";

const { uid: _, ...NAMELESS } = testRecord("c1");
const ADD_NAMELESS: RequestBody = { kind: "add", record: NAMELESS };
const UNREADABLE: PodLookUp = { kind: "unreadable", because: "it does not answer", next: "start it" };
const UNSURE =
  "pod x/a: the agent knows one of this name, and could not look up whether it is this one: it does not answer; next: start it";
const STALE = "; the datastore is stale since 1970-01-01T00:00:00.000Z: it is away";

function benchAway(datastore: "stale" | "connected" = "stale"): RequestBench {
  const bench = requestBench({ lookUp: async () => UNREADABLE });
  if (datastore === "stale") setStale(bench);
  return bench;
}

function setStale({ status }: RequestBench): void {
  Object.assign(status, {
    datastore: { kind: "stale", since: new Date(0), because: "it is away", next: "" },
  });
}

test("the pod of the name is taken once a look-up says that it is the one", async () => {
  const { know, ask, pass } = requestBench({ lookUp: async () => ({ kind: "found", uids: ["u2"] }) });
  know(testPod("a"));
  const { answers, ended } = ask(ADD_NAMELESS);
  await until(() => answers.length > 0);
  know(testPod("a", { uids: ["u2"] }));
  await pass();
  await ended;
  const older =
    "the agent knows an older one of this name, and the watch has not told of the present one yet";
  expect(answers).toEqual([{ kind: "waiting", for: `pod x/a: ${older}` }, { kind: "programmed" }]);
});

test("while the datastore is away, the pod of the name is taken as it is known", async () => {
  const { know, ask, pass } = benchAway();
  know(testPod("a"));
  const { answers, ended } = ask(ADD_NAMELESS);
  await pass();
  await ended;
  expect(answers).toEqual([{ kind: "programmed" }]);
});

test("a look-up that only failed settles nothing while the datastore is read, and is tried again", async () => {
  let times = 0;
  const lookUp = async (): Promise<PodLookUp> => (++times < 3 ? UNREADABLE : { kind: "found", uids: ["u1"] });
  const { know, ask, pass } = requestBench({ lookUp, lookUpAgain: 1 });
  know(testPod("a"));
  const { answers, ended } = ask(ADD_NAMELESS);
  await pass();
  await ended;
  expect(answers).toEqual([{ kind: "waiting", for: UNSURE }, { kind: "programmed" }]);
  expect(times).toBe(3);
});

test("the datastore may be found away after the look-up failed", async () => {
  const bench = benchAway("connected");
  bench.know(testPod("a"));
  const { answers, ended } = bench.ask(ADD_NAMELESS);
  await until(() => answers.length > 0);
  setStale(bench);
  bench.ring();
  await bench.pass();
  await ended;
  expect(answers).toEqual([{ kind: "waiting", for: UNSURE }, { kind: "programmed" }]);
});

test("a pod that is being deleted is not taken for the one that is added", async () => {
  const { know, ask } = benchAway();
  know(testPod("a", { deleting: true }));
  const { answers, ended, hangUp } = ask(ADD_NAMELESS);
  await until(() => answers.length > 0);
  hangUp();
  await ended;
  expect(answers).toEqual([{ kind: "waiting", for: `${UNSURE}${STALE}` }]);
});

test.each<[string, (bench: RequestBench) => unknown]>([
  ["was deleted", ({ localPods }) => localPods.forget("c0")],
  ["lost its interface to this one", () => undefined],
])("nor is one whose container %s", async (_name, change) => {
  const bench = benchAway();
  bench.know(testPod("a"));
  bench.localPods.put(testRecord("c0", { createdAt: 0 }));
  change(bench);
  const { answers, ended, hangUp } = bench.ask(ADD_NAMELESS);
  await until(() => answers.length > 0);
  hangUp();
  await ended;
  expect(answers).toEqual([{ kind: "waiting", for: `${UNSURE}${STALE}` }]);
});

test.each<[string, (bench: RequestBench) => unknown]>([
  ["a pod of another UID came", ({ know }) => know(testPod("a", { uids: ["u2"] }))],
  [
    "the pod came anew",
    ({ localPods, know }) => {
      localPods.place([podGone(testPod("a"))]);
      know(testPod("a"));
    },
  ],
])("after %s, containers that went before it say nothing", async (_name, change) => {
  const bench = benchAway();
  bench.know(testPod("a"));
  bench.localPods.put(testRecord("c0", { createdAt: 0 }));
  bench.localPods.forget("c0");
  change(bench);
  const { answers, ended } = bench.ask(ADD_NAMELESS);
  await bench.pass();
  await ended;
  expect(answers).toEqual([{ kind: "programmed" }]);
});

test("the same container may be added anew", async () => {
  const bench = benchAway();
  bench.know(testPod("a"));
  bench.localPods.put(testRecord("c1"));
  bench.localPods.forget("c1");
  const { answers, ended } = bench.ask(ADD_NAMELESS);
  await bench.pass();
  await ended;
  expect(answers).toEqual([{ kind: "programmed" }]);
});

test("what was read once is not forgotten when it cannot be read any more", async () => {
  let times = 0;
  const lookUp = async (): Promise<PodLookUp> =>
    ++times === 1 ? { kind: "found", uids: ["u2"] } : UNREADABLE;
  const bench = requestBench({ lookUp, lookUpAgain: 1 });
  setStale(bench);
  bench.know(testPod("a"));
  const { answers, ended, hangUp } = bench.ask(ADD_NAMELESS);
  await until(() => times > 2);
  hangUp();
  await ended;
  expect(answers.map(({ kind }) => kind)).toEqual(["waiting"]);
});

test("a pod of another node is called that", async () => {
  const { ask } = requestBench({ lookUp: async () => ({ kind: "found", uids: [] }) });
  const { answers, ended, hangUp } = ask(ADD_NAMELESS);
  await until(() => answers.length > 0);
  hangUp();
  await ended;
  const elsewhere = "it belongs to another node than node-1; set NODENAME to this machine's name";
  expect(answers).toEqual([{ kind: "waiting", for: `pod x/a: ${elsewhere}` }]);
});
