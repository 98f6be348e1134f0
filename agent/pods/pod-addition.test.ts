import { expect, test } from "bun:test";
import type { PodLookUp } from "../../adapters/datastore.ts";
import type { RefusedObject } from "../../dataplane/dataplane.ts";
import type { Answer } from "../../handshake/messages.ts";
import type { Address } from "../../model/address.ts";
import { podInterfaceName } from "../../model/fingerprint.ts";
import { createLocalPods } from "./local-pods.ts";
import { APPLIED, FAILED, until } from "../test-parts.ts";
import { testPod, testRecord } from "./test-records.ts";
import { ADD, DELETE, requestBench } from "./test-requests.ts";

test("a pod that is known is programmed by the pass that carries it", async () => {
  const { know, ask, pass, text, events } = requestBench();
  know(testPod("a"));
  const { answers, ended } = ask(ADD);
  expect(answers).toEqual([]);
  await pass();
  await ended;
  expect(answers).toEqual([{ kind: "programmed" }]);
  expect(events).toEqual(["wired c1"]);
  expect(text()).toContain(
    `"message":"pod added","pod":"x/a","container":"c1","interface":"${podInterfaceName("x", "a")}"`,
  );
});

test("before the agent is in sync it says what it waits for, in the words of readiness", async () => {
  const { know, ask, pass, status, ring, waiting } = requestBench();
  status.inSync = false;
  const datastore = { kind: "waiting", for: "the API server", next: "start it" } as const;
  Object.assign(status, { datastore, applied: false });
  const { answers, ended } = ask(ADD);
  const said = "the agent waits for the API server; next: start it";
  ring();
  await until(() => answers.length > 0);
  expect([...waiting]).toEqual([["c1", said]]);
  know(testPod("a"));
  status.inSync = true;
  ring();
  await until(() => answers.length > 1);
  status.applied = true;
  ring();
  await pass();
  await ended;
  expect(answers).toEqual([
    { kind: "waiting", for: said },
    { kind: "waiting", for: "the agent's first rules are on their way into the kernel" },
    { kind: "programmed" },
  ]);
  expect(waiting.size).toBe(0);
});

test("a pod that the datastore does not have is waited for", async () => {
  const { know, ask, pass } = requestBench();
  const { answers, ended } = ask(ADD);
  await until(() => answers.length > 0);
  know(testPod("b"));
  know(testPod("a"));
  await pass();
  await ended;
  expect(answers).toEqual([
    { kind: "waiting", for: "pod x/a (UID u1): the agent does not know it yet" },
    { kind: "programmed" },
  ]);
});

test.each<[PodLookUp, string]>([
  [{ kind: "found", uids: ["u1"] }, "the API server has it, and its watch has not told of it yet"],
  [{ kind: "absent" }, "the API server does not have it"],
  [
    { kind: "unreadable", because: "it does not answer", next: "start it" },
    "the agent does not know it yet, and could not look it up: it does not answer; next: start it",
  ],
])("an unknown pod is looked up once: %j", async (looked, said) => {
  let times = 0;
  const lookUp = async (): Promise<PodLookUp> => {
    times++;
    return looked;
  };
  const { know, ask, pass, ring, status } = requestBench({ lookUp });
  const since = new Date(0);
  Object.assign(status, { datastore: { kind: "stale", since, because: "it is away", next: "" } });
  const { answers, ended } = ask(ADD);
  await until(() => answers.length > 0);
  ring();
  know(testPod("a"));
  await pass();
  await ended;
  const stale = "; the datastore is stale since 1970-01-01T00:00:00.000Z: it is away";
  expect(answers).toEqual([
    { kind: "waiting", for: `pod x/a (UID u1): ${said}${stale}` },
    { kind: "programmed" },
  ]);
  expect(times).toBe(1);
});

test("an API server that says nothing is told as what is waited for", async () => {
  const { know, ask, pass } = requestBench({ lookUp: () => new Promise(() => undefined), lookUpSilence: 1 });
  const { answers, ended } = ask(ADD);
  await until(() => answers.length > 0);
  know(testPod("a"));
  await pass();
  await ended;
  const unanswered = "the agent does not know it yet, and the API server has not answered so far";
  expect(answers).toEqual([
    { kind: "waiting", for: `pod x/a (UID u1): ${unanswered}` },
    { kind: "programmed" },
  ]);
});

test("a pass that failed is told, and the next one waited for", async () => {
  const { know, ask, pass } = requestBench();
  know(testPod("a"));
  const { answers, ended } = ask(ADD);
  await pass(FAILED);
  await pass(FAILED);
  await pass();
  await ended;
  expect(answers).toEqual([
    { kind: "waiting", for: "the kernel has not taken the rules of pod x/a: EPERM; it is tried again" },
    { kind: "programmed" },
  ]);
});

const REFUSED: RefusedObject = {
  kind: "endpoint",
  id: "x/a",
  title: "x/a",
  because: "ENOMEM",
  consequence: "it is closed",
};

test.each([
  ["the endpoint", REFUSED, "refused"],
  ["another endpoint", { ...REFUSED, id: "x/b" }, "programmed"],
  ["a set", { ...REFUSED, kind: "addressSet" as const }, "programmed"],
])("where the kernel refused %s", async (_name, object, kind) => {
  const { know, ask, pass } = requestBench();
  know(testPod("a"));
  const { answers, ended } = ask(ADD);
  await pass({ ...APPLIED, kind: "degraded", refused: [object] });
  await ended;
  expect(answers.at(-1)?.kind).toBe(kind as Answer["kind"]);
});

test("an address that another pod was wired with is refused by name", async () => {
  const { know, ask, pass, localPods, text } = requestBench();
  know(testPod("b", { startedAt: 2 }));
  localPods.put(testRecord("c2", { pod: "b", addresses: ["10.0.0.2" as Address] }));
  know(testPod("b", { startedAt: 2 }));
  know(testPod("a"));
  const { answers, ended } = ask(ADD);
  await pass();
  await ended;
  expect(answers).toMatchObject([
    { kind: "refused", found: "10.0.0.2 belongs to pod x/b, which was wired with it and is still here" },
  ]);
  expect(text()).toContain('"message":"pod refused"');
});

test("an address is free once the container that had it is found to have gone without a word", async () => {
  const { know, ask, pass, localPods, text } = requestBench({
    reconcile: () => {
      const isThere = localPods.records.has("c2");
      localPods.forget("c2");
      know(testPod("b", { startedAt: 2 }));
      return isThere;
    },
  });
  localPods.put(testRecord("c2", { pod: "b" }));
  know(testPod("b", { startedAt: 2 }));
  know(testPod("a"));
  const { answers, ended } = ask(ADD);
  await pass();
  await pass();
  await ended;
  expect(answers).toEqual([{ kind: "programmed" }]);
  expect(text()).not.toContain("pod refused");
});

test("a finished pod is refused", async () => {
  const { know, ask, pass } = requestBench();
  know(testPod("a", { finished: true }));
  const { answers, ended } = ask(ADD);
  await pass();
  await ended;
  expect(answers).toMatchObject([{ kind: "refused", found: "pod x/a has finished" }]);
});

test("deleted while it is waited for, a pod is refused", async () => {
  const { ask } = requestBench();
  const adding = ask(ADD);
  await until(() => adding.answers.length > 0);
  await ask(DELETE).ended;
  await adding.ended;
  expect(adding.answers.at(-1)).toMatchObject({
    kind: "refused",
    found: "container c1 was deleted, or added anew, while it was waited for",
  });
});

test("an earlier container waits for the end of the later one, whose record is looked for first", async () => {
  const { know, ask, pass, localPods, events } = requestBench();
  know(testPod("a"));
  localPods.put(testRecord("c2", { createdAt: 2 }));
  const { answers, ended, hangUp } = ask(ADD);
  await until(() => answers.length > 0);
  expect(events[0]).toBe("reconcile");
  expect(answers).toMatchObject([
    { for: "pod x/a (UID u1): container c2 was wired later; its deletion is waited for" },
  ]);
  hangUp();
  await ended;
  await Promise.all([ask({ kind: "delete", containerId: "c2" }).ended, pass()]);
});

test("a clock that was set back keeps no pod from its later container, which has the interface", async () => {
  const now = testRecord("c1", { createdAt: 1 });
  const { know, ask, pass, localPods } = requestBench({
    localPods: createLocalPods(({ containerId }) => containerId === "c1"),
    reconcile: () => localPods.forget("c2").length > 0,
  });
  know(testPod("a"));
  localPods.put(testRecord("c2", { createdAt: 2 }));
  const { answers, ended } = ask({ kind: "add", record: now });
  await pass();
  await ended;
  expect(answers).toEqual([{ kind: "programmed" }]);
});

test("who hangs up is waited for no more; what it said of its container stays", async () => {
  const { ask, localPods, waiting, text } = requestBench();
  const { answers, ended, hangUp } = ask(ADD);
  await until(() => answers.length > 0);
  hangUp();
  await ended;
  expect(waiting.size).toBe(0);
  expect([...localPods.records.keys()]).toEqual(["c1"]);
  expect(text()).toContain('"message":"pod not added: the plugin has stopped waiting"');
});
