import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Datastore, PodAnnotation } from "../../adapters/datastore.ts";
import type { Settled } from "../../dataplane/dataplane.ts";
import { type AgentClient, openAgent } from "../../handshake/agent-client.ts";
import type { NodeFacts } from "../../handshake/messages.ts";
import { readRecords, removeRecord, writeRecord } from "../../handshake/record-files.ts";
import { runPaths } from "../../handshake/run-paths.ts";
import type { Address } from "../../model/address.ts";
import type { Cidr } from "../../model/cidr.ts";
import { type EndpointId, endpointId } from "../../model/endpoint.ts";
import type { Update } from "../../model/update.ts";
import { type Compiler, createCompiler } from "../../policy/compiler.ts";
import { openPodNetwork, type PodNetwork, type PodNetworkOptions } from "./pod-network.ts";
import { type AgentStatus, createStatus } from "../status.ts";
import { APPLIED, collectedLog, until } from "../test-parts.ts";
import { podUpdate, testPod, testRecord } from "./test-records.ts";

let directory = "";
let paths = runPaths();
let cleaning = new DisposableStack();
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "tortie-network-"));
  paths = runPaths(join(directory, "run"));
  cleaning = new DisposableStack();
});
afterEach(() => {
  cleaning.dispose();
  rmSync(directory, { recursive: true, force: true });
});

interface Bench {
  readonly network: PodNetwork;
  readonly plugin: AgentClient;
  readonly status: AgentStatus;
  readonly compiler: Compiler;
  readonly messages: () => string[];
  readonly text: () => string;
  /** Endpoints that links were told of, by call. */
  readonly linked: EndpointId[][];
  /** Containers whose interfaces are there. */
  readonly held: Set<string>;
  /** Tells it updates as the datastore does. */
  readonly know: (...updates: Update[]) => void;
  readonly addresses: () => readonly string[] | undefined;
}

/** In sync, and with a kernel that takes everything at once. */
function bench(
  datastore: Pick<Datastore, "lookUp" | "annotate"> = {},
  options: Partial<PodNetworkOptions> = {},
): Bench {
  const compiler = createCompiler();
  const connected = { kind: "connected" as const };
  const status: AgentStatus = { ...createStatus(), datastore: connected, inSync: true, applied: true };
  const { log, messages, text } = collectedLog();
  const linked: EndpointId[][] = [];
  const held = new Set<string>();
  const network = openPodNetwork({
    datastore,
    status,
    ruleset: () => compiler.ruleset,
    take: (updates) => compiler.apply(updates),
    carried: async () => APPLIED,
    linkConditions: () => {},
    paths,
    nodeName: "node-1",
    annotating: true,
    keepLinks: (podCidrs) => ({
      want: (_, touched) => void linked.push([...(touched ?? [])]),
      mtu: () => 1_400 + podCidrs().length,
      holds: ({ containerId }) => held.has(containerId),
      [Symbol.dispose]: () => {},
    }),
    log,
    reconcileMilliseconds: 5,
    ...options,
  });
  cleaning.use(network);
  return {
    network,
    plugin: cleaning.use(openAgent(paths.socket, { retryMilliseconds: 5 })),
    status,
    compiler,
    messages,
    text,
    linked,
    held,
    know: (...updates) => compiler.apply(network.place(updates)),
    addresses: () => compiler.ruleset.endpoints.get(endpointId("x", "a"))?.addresses,
  };
}

const LIMIT = { milliseconds: 4_000 };

test("records that were left before the start count from the first update on", () => {
  writeRecord(paths, testRecord("c1"));
  const { know, addresses, status } = bench();
  know(podUpdate(testPod("a")));
  expect(addresses()).toEqual(["10.0.0.2", "fd00::2"]);
  expect(status.podNetwork).toMatchObject({ socket: paths.socket, trouble: undefined, pods: 1, waiting: [] });
});

test("a record that cannot be read is told, and hurts no other", async () => {
  writeRecord(paths, testRecord("c1"));
  writeFileSync(join(paths.endpoints, "c2.json"), "half");
  const { know, addresses, text } = bench();
  know(podUpdate(testPod("a")));
  expect(addresses()).toHaveLength(2);
  await until(() => text().includes(`"path":"${join(paths.endpoints, "c2.json")}","why":"it is not JSON"`));
});

test("records that cannot be listed are told, and the plugin is served", async () => {
  mkdirSync(paths.directory);
  symlinkSync(paths.endpoints, paths.endpoints);
  const { plugin, messages } = bench();
  await until(() => messages().includes("records of pods cannot be read"));
  expect(await plugin.request({ kind: "state" }, LIMIT)).toMatchObject({ kind: "state" });
});

test("a container whose record was removed behind its back is forgotten", async () => {
  writeRecord(paths, testRecord("c1"));
  const { know, addresses, text } = bench();
  know(podUpdate(testPod("a")));
  removeRecord(paths, "c1");
  await until(() => addresses()?.length === 0 && text().includes('"containers":["c1"]'));
});

test("where all records have vanished with their directory, those of containers with a network are written anew", async () => {
  const records = [testRecord("c1"), testRecord("c2", { pod: "b", addresses: ["10.0.0.3" as Address] })];
  for (const record of records) writeRecord(paths, record);
  const { know, addresses, held, text } = bench();
  held.add("c1");
  know(podUpdate(testPod("a")), podUpdate(testPod("b")));
  rmSync(paths.endpoints, { recursive: true });
  await until(() => text().includes('"pods deleted while the agent was not told","containers":["c2"]'));
  expect(readRecords(paths).records).toEqual(records.slice(0, 1));
  expect(addresses()).toHaveLength(2);
  expect(text()).toContain('"records of pods were lost and are written anew","containers":["c1"]');
});

test("a record that cannot be written anew is told, and its pod keeps its network", async () => {
  writeRecord(paths, testRecord("c1"));
  const { know, addresses, held, messages } = bench();
  held.add("c1");
  know(podUpdate(testPod("a")));
  rmSync(paths.endpoints, { recursive: true });
  writeFileSync(paths.endpoints, "no directory");
  await until(() => messages().includes("records of pods were lost and cannot be written"));
  expect(addresses()).toHaveLength(2);
});

test("whose interface cannot be looked at is not forgotten", async () => {
  writeRecord(paths, testRecord("c1"));
  const unseen = (): never => {
    throw new Error("EPERM");
  };
  const links = { want: () => {}, mtu: () => 1_400, holds: unseen, [Symbol.dispose]: () => {} };
  const { know, addresses, text } = bench({}, { keepLinks: () => links });
  know(podUpdate(testPod("a")));
  removeRecord(paths, "c1");
  await until(() => readRecords(paths).records.length === 1);
  expect(addresses()).toHaveLength(2);
  expect(text()).toContain('"message":"interface of a pod cannot be looked at"');
});

test("an address is free once the container that had it is gone, though nobody told so", async () => {
  const old = testRecord("c2", { pod: "b", uid: "u2" });
  writeRecord(paths, old);
  const { know, plugin } = bench({}, { reconcileMilliseconds: 60_000 });
  know(podUpdate(testPod("a")), podUpdate(testPod("b", { uids: ["u2"], startedAt: 5 })));
  removeRecord(paths, "c2");
  const record = testRecord("c1");
  writeRecord(paths, record);
  expect(await plugin.request({ kind: "add", record }, LIMIT)).toEqual({ kind: "programmed" });
});

test("the node's facts are the datastore's and the links', and follow them", async () => {
  const { know, plugin } = bench();
  const facts = async (): Promise<NodeFacts | undefined> => {
    const answer = await plugin.request({ kind: "node" }, LIMIT);
    return answer.kind === "node" ? answer.node : undefined;
  };
  expect(await facts()).toEqual({ name: "node-1", podCidrs: [], mtu: 1_400 });
  const podCidrs = ["10.0.0.0/24" as Cidr];
  know({ kind: "node", name: "node-1", value: { name: "node-1", podCidrs } });
  expect(await facts()).toEqual({ name: "node-1", podCidrs, mtu: 1_401 });
  know({ kind: "node", name: "node-1", value: undefined });
  expect(await facts()).toEqual({ name: "node-1", podCidrs: [], mtu: 1_400 });
});

test("a pod is told what it was given, and that it is gone", async () => {
  const written: PodAnnotation[] = [];
  const annotate: Datastore["annotate"] = async (annotation) => {
    written.push(annotation);
    return { kind: "annotated" };
  };
  const { know, plugin } = bench({ annotate });
  know(podUpdate(testPod("a", { uids: ["api", "u1"] })));
  writeRecord(paths, testRecord("c1"));
  await plugin.request({ kind: "add", record: testRecord("c1") }, LIMIT);
  await until(() => written.length === 1);
  know(podUpdate(testPod("a", { uids: ["api", "u1"], deleting: true })));
  await plugin.request({ kind: "delete", containerId: "c1" }, LIMIT);
  await until(() => written.length === 2);
  const pod = { namespace: "x", pod: "a", uid: "api", containerId: "c1" };
  expect(written).toEqual([
    { ...pod, addresses: testRecord("c1").addresses },
    { ...pod, addresses: [] },
  ]);
});

test("pods that were wired before the start are told what they were given, once the first rules are in force", async () => {
  const written: PodAnnotation[] = [];
  const annotate: Datastore["annotate"] = async (annotation) => {
    written.push(annotation);
    return { kind: "annotated" };
  };
  for (const name of ["a", "b"]) writeRecord(paths, testRecord(`c-${name}`, { pod: name }));
  const { promise: carried, resolve } = Promise.withResolvers<Settled>();
  const { know } = bench({ annotate }, { carried: () => carried });
  know(podUpdate(testPod("a")));
  expect(written).toEqual([]);
  resolve(APPLIED);
  await until(() => written.length > 0);
  const { namespace, pod, addresses } = testRecord("c-a");
  expect(written).toEqual([{ namespace, pod, uid: "u1", addresses, containerId: "c-a" }]);
});

test("what a pod was given is told until it arrives, or the container is gone", async () => {
  const tried: string[] = [];
  const annotate: Datastore["annotate"] = async ({ pod }) => {
    tried.push(pod);
    return { kind: "failed", because: "429", next: "wait" };
  };
  const { know, plugin } = bench({ annotate }, { annotateDelay: () => 1 });
  const times = (pod: string): number => tried.filter((one) => one === pod).length;
  for (const pod of ["a", "b"]) {
    tried.length = 0;
    know(podUpdate(testPod(pod)));
    const record = testRecord(`c-${pod}`, { pod, addresses: [`10.0.0.${pod === "a" ? 2 : 3}` as Address] });
    writeRecord(paths, record);
    await plugin.request({ kind: "add", record }, LIMIT);
    await until(() => times(pod) > 2);
    removeRecord(paths, record.containerId);
    await plugin.request({ kind: "delete", containerId: record.containerId }, LIMIT);
  }
  expect(times("a")).toBe(0);
});

test("told not to, it annotates nothing", async () => {
  let times = 0;
  const annotate: Datastore["annotate"] = async () => {
    times++;
    return { kind: "annotated" };
  };
  const { know, plugin } = bench({ annotate }, { annotating: false });
  know(podUpdate(testPod("a")));
  writeRecord(paths, testRecord("c1"));
  await plugin.request({ kind: "add", record: testRecord("c1") }, LIMIT);
  await plugin.request({ kind: "delete", containerId: "c1" }, LIMIT);
  expect(times).toBe(0);
});

test("a look-up that takes too long is given up, and with the datastore away what is known is taken", async () => {
  const lookUp: Datastore["lookUp"] = async (_namespace, _pod, signal) => {
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    return { kind: "unreadable", because: "it took too long", next: "wait" };
  };
  const { know, plugin, network, status } = bench({ lookUp }, { lookUpMilliseconds: 5 });
  know(podUpdate(testPod("a")));
  const { uid: _, ...record } = testRecord("c1");
  writeRecord(paths, record);
  const { promise: waited, resolve } = Promise.withResolvers<string>();
  const added = plugin.request({ kind: "add", record }, { ...LIMIT, onWaiting: resolve });
  expect(await waited).toContain("could not look up whether it is this one: no answer came within 0.005 s");
  status.datastore = { kind: "stale", since: new Date(0), because: "it is away", next: "" };
  network.changed();
  expect(await added).toEqual({ kind: "programmed" });
});

test("links follow what is in force", () => {
  const { network, linked, compiler } = bench();
  network.inForce(compiler.ruleset.endpoints, new Set([endpointId("x", "a")]));
  expect(linked).toEqual([[endpointId("x", "a")]]);
});
