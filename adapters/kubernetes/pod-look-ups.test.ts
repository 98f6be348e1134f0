import { afterEach, beforeEach, expect, test } from "bun:test";
import { type ApiObject, type ApiServer, startApiServer } from "../../test/api-server/api-server.ts";
import { plainClient } from "../../test/api-server/plain-client.ts";
import { type Follower, follow } from "../behaviour.ts";
import type { Datastore, PodLookUp } from "../datastore.ts";
import { kubernetesDatastore } from "./datastore.ts";
import type { Pace } from "./reading/pace.ts";

const QUICK: Partial<Pace> = { firstBackOff: 5, longestBackOff: 20, relistSpread: 5, shortWatch: 0 };
const NODE: ApiObject = { apiVersion: "v1", kind: "Node", metadata: { name: "here" }, spec: {} };

let server: ApiServer;
let datastore: Datastore;
const followers: Follower[] = [];

beforeEach(async () => {
  server = await startApiServer();
  server.apply(NODE);
  datastore = kubernetesDatastore({
    open: async () => plainClient(server.url),
    nodeName: "here",
    pace: QUICK,
  });
});
afterEach(async () => {
  for (const follower of followers.splice(0)) await follower.stop();
  await server[Symbol.asyncDispose]();
});

function read(): Follower {
  const follower = follow(datastore);
  followers.push(follower);
  return follower;
}

/** In sync, and deaf to what the watches tell from then on; lists fail, too. */
async function deaf(): Promise<Follower> {
  const follower = read();
  await follower.until(() => follower.events.some(({ kind }) => kind === "inSync"));
  // `until` looks after each event only, and a watch that is open is none.
  while (server.watches() < 4 * followers.length) await Bun.sleep(1);
  server.faults(({ verb }) => (verb === "get" ? undefined : { kind: "status", status: 503 }));
  server.breakConnections();
  await follower.until(() =>
    follower.events.some((event) => event.kind === "status" && event.status.kind === "stale"),
  );
  return follower;
}

interface PodParts {
  readonly metadata?: object;
  readonly spec?: object;
  readonly status?: object;
}

function pod(name: string, { metadata = {}, spec = {}, status = {} }: PodParts = {}): ApiObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "x", uid: `uid-${name}`, labels: { app: name }, ...metadata },
    spec: { nodeName: "here", ...spec },
    status: { phase: "Pending", ...status },
  };
}

const NEVER = new AbortController().signal;
const lookUp = (name: string, signal = NEVER): Promise<PodLookUp> => datastore.lookUp!("x", name, signal);
const gets = (): string[] => server.requests.flatMap(({ verb, path }) => (verb === "get" ? [path] : []));
const labels = ({ state }: Follower, id: string): unknown => state.endpoints.get(id as never)?.labels;

test("a pod that no watch has told of is told before the answer is there", async () => {
  const follower = await deaf();
  server.apply(pod("a", { metadata: { annotations: { "kubernetes.io/config.hash": "h1" } } }));
  const answer = lookUp("a").then((found) => ({ found, labels: labels(follower, "x/a") }));
  expect(await answer).toEqual({
    found: { kind: "found", uids: ["uid-a", "h1"] },
    labels: { app: "a" },
  });
  expect(gets()).toEqual(["/api/v1/namespaces/x/pods/a"]);
  expect(follower.state.namespaces.has("x")).toBe(true);
  server.faults(undefined);
  await follower.until(() =>
    follower.events.some(
      (event, at) => event.kind === "status" && event.status.kind === "connected" && at > 6,
    ),
  );
  const about = follower.events.flatMap((event) =>
    event.kind === "updates" ? event.updates.filter(({ kind }) => kind === "endpoint") : [],
  );
  expect(about).toHaveLength(1);
});

test("a pod of another node is told as it is", async () => {
  const follower = await deaf();
  server.apply(pod("a", { spec: { nodeName: "there" } }));
  expect(await lookUp("a")).toEqual({ kind: "found", uids: [] });
  expect(follower.state.endpoints.get("x/a" as never)?.attachment).toBeUndefined();
});

test("what is known already is not told again", async () => {
  server.apply(pod("a"));
  const follower = await deaf();
  const before = follower.events.length;
  expect(await lookUp("a")).toEqual({ kind: "found", uids: ["uid-a"] });
  expect(follower.events.slice(before).filter(({ kind }) => kind === "updates")).toEqual([]);
});

test.each(["Succeeded", "Failed"])("no pod, and one that has %s, is absent", async (phase) => {
  const follower = await deaf();
  server.apply(pod("over", { status: { phase } }));
  expect([await lookUp("none"), await lookUp("over")]).toEqual([{ kind: "absent" }, { kind: "absent" }]);
  expect(follower.state.endpoints.size).toBe(0);
});

test("an answer that comes after the pod's deletion was told is no news", async () => {
  const follower = read();
  await follower.until(() => follower.events.some(({ kind }) => kind === "inSync"));
  while (server.watches() < 4) await Bun.sleep(1);
  server.faults(({ verb }) =>
    verb === "get" ? { kind: "slow", bytes: 64, everyMilliseconds: 10 } : undefined,
  );
  server.apply(pod("a", { metadata: { annotations: { long: "l".repeat(2_000) } } }));
  await follower.until(() => labels(follower, "x/a") !== undefined);
  const answer = lookUp("a");
  while (gets().length === 0) await Bun.sleep(1);
  server.remove("Pod", "x/a");
  expect(await answer).toEqual({ kind: "absent" });
  expect(follower.state.endpoints.size).toBe(0);
});

test("before the first whole reading, and without a reader, nothing can be told", async () => {
  expect(await lookUp("a")).toEqual({
    kind: "unreadable",
    because: "there is no connection to the API server yet",
    next: "nothing: tries go on",
  });
  server.faults(({ resource }) => (resource === "pods" ? { kind: "freeze" } : undefined));
  const follower = read();
  await follower.until(() => follower.events.length > 0);
  expect(await lookUp("a")).toEqual({
    kind: "unreadable",
    because: expect.stringMatching(/^the agent waits for the first list of .*pods/),
    next: "nothing: it is on its way",
  });
  expect(gets()).toEqual([]);
});

test.each([
  ["a refusal", { kind: "status", status: 403 }, /^this account may not get pods \(403 Forbidden\)$/],
  ["a fault", { kind: "status", status: 500 }, /^the API server answered 500$/],
  ["a 404 of somebody else", { kind: "status", status: 404 }, /^the API server answered 404$/],
  ["no answer", { kind: "break" }, /./],
  ["half an answer", { kind: "break", afterBytes: 40 }, /./],
  ["a cut answer", { kind: "truncate", afterBytes: 40 }, /sent an object that is no JSON/],
  ["no object", { kind: "status", status: 200, body: "null" }, /sent something that is no object/],
  [
    "another object",
    { kind: "status", status: 200, body: '{"metadata":{"name":"b","namespace":"x"}}' },
    /answered x\/b, asked for x\/a/,
  ],
] as const)("%s is told, and changes nothing", async (_, fault, words) => {
  const follower = await deaf();
  server.apply(pod("a"));
  server.faults(({ verb }) => (verb === "get" ? fault : { kind: "status", status: 503 }));
  expect(await lookUp("a")).toEqual({
    kind: "unreadable",
    because: expect.stringMatching(words),
    next: expect.stringMatching(/./),
  });
  expect(follower.state.endpoints.size).toBe(0);
});

test("a pod that cannot be read, or that no plugin wires, is told with the reason", async () => {
  await deaf();
  server.apply(pod("bad", { metadata: { labels: { app: 7 } } }));
  server.apply(pod("host", { spec: { hostNetwork: true } }));
  expect(await lookUp("bad")).toMatchObject({
    because: expect.stringMatching(/^x\/bad cannot be read: metadata\.labels/),
  });
  expect(await lookUp("host")).toMatchObject({
    because: "x/host cannot be read: it uses its node's network, and no plugin wires it",
  });
  expect(await lookUp("../../nodes")).toMatchObject({
    because: '"x/../../nodes" is no name of a pod',
  });
});

test("who asks at once shares a question, who asks later has one of his own, and others are asked for meanwhile", async () => {
  await deaf();
  server.freeze();
  const first = Promise.all([lookUp("a"), lookUp("a"), lookUp("b")]);
  while (gets().length < 2) await Bun.sleep(1);
  const later = Promise.all([lookUp("a"), lookUp("a")]);
  server.apply(pod("a"));
  server.thaw();
  expect((await first).map(({ kind }) => kind)).toEqual(["found", "found", "absent"]);
  expect((await later).map(({ kind }) => kind)).toEqual(["found", "found"]);
  expect(gets().filter((path) => path.endsWith("/a"))).toHaveLength(2);
  expect(gets()).toHaveLength(3);
});

test("who waits no more is answered, and the question ends with the last who waits", async () => {
  await deaf();
  server.freeze();
  const [one, two] = [new AbortController(), new AbortController()];
  const answers = [lookUp("a", one.signal), lookUp("a", two.signal)];
  while (gets().length === 0) await Bun.sleep(1);
  one.abort();
  const unwanted = { kind: "unreadable", because: "nobody waits for the answer any more", next: "nothing" };
  expect(await answers[0]).toEqual(unwanted as PodLookUp);
  two.abort();
  expect(await answers[1]).toEqual(unwanted as PodLookUp);
  expect(await lookUp("a", AbortSignal.abort())).toEqual(unwanted as PodLookUp);
  server.thaw();
  expect(await lookUp("a")).toEqual({ kind: "absent" });
});

test("who still waits when the watching ends is answered", async () => {
  const follower = await deaf();
  server.freeze();
  const answer = lookUp("a");
  while (gets().length === 0) await Bun.sleep(1);
  await follower.stop();
  expect(await answer).toMatchObject({ kind: "unreadable", because: "the datastore is not read any more" });
});

test("everybody who watches is told", async () => {
  const other = read();
  const follower = await deaf();
  server.apply(pod("a"));
  expect((await lookUp("a")).kind).toBe("found");
  expect([labels(other, "x/a"), labels(follower, "x/a")]).toEqual([{ app: "a" }, { app: "a" }]);
});
