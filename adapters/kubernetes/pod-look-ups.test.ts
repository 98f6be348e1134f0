import { expect, test } from "bun:test";
import type { Follower } from "../behaviour.ts";
import type { PodLookUp } from "../datastore.ts";
import { isQuestion, pod, useLookUps } from "../../test/api-server/look-ups.ts";

const setting = useLookUps();
const { read, deaf, lookUp } = setting;
const gets = (): string[] => setting.questions().filter((path) => path.includes("/pods/"));
const labels = ({ state }: Follower, id: string): unknown => state.endpoints.get(id as never)?.labels;

test("a pod that no watch has told of is told before the answer is there", async () => {
  const follower = await deaf();
  setting.server.apply(pod("a", { metadata: { annotations: { "kubernetes.io/config.hash": "h1" } } }));
  const answer = lookUp("a").then((found) => ({ found, labels: labels(follower, "x/a") }));
  expect(await answer).toEqual({
    found: { kind: "found", uids: ["uid-a", "h1"] },
    labels: { app: "a" },
  });
  expect(setting.questions().toSorted()).toEqual([
    "/api/v1/namespaces/x",
    "/api/v1/namespaces/x/pods/a",
    "/apis/networking.k8s.io/v1/namespaces/x/networkpolicies",
  ]);
  expect(follower.state.namespaces.has("x")).toBe(true);
  setting.server.faults(undefined);
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
  setting.server.apply(pod("a", { spec: { nodeName: "there" } }));
  expect(await lookUp("a")).toEqual({ kind: "found", uids: [] });
  expect(follower.state.endpoints.get("x/a" as never)?.attachment).toBeUndefined();
});

test("what is known already is not told again", async () => {
  setting.server.apply(pod("a"));
  const follower = await deaf();
  const before = follower.events.length;
  expect(await lookUp("a")).toEqual({ kind: "found", uids: ["uid-a"] });
  expect(follower.events.slice(before).filter(({ kind }) => kind === "updates")).toEqual([]);
});

test.each(["Succeeded", "Failed"])("no pod, and one that has %s, is absent", async (phase) => {
  const follower = await deaf();
  setting.server.apply(pod("over", { status: { phase } }));
  expect([await lookUp("none"), await lookUp("over")]).toEqual([{ kind: "absent" }, { kind: "absent" }]);
  expect(follower.state.endpoints.size).toBe(0);
});

test("an answer that comes after the pod's deletion was told is no news", async () => {
  const follower = read();
  await follower.until(() => follower.events.some(({ kind }) => kind === "inSync"));
  while (setting.server.watches() < 4) await Bun.sleep(1);
  setting.server.faults(({ verb }) =>
    verb === "get" ? { kind: "slow", bytes: 64, everyMilliseconds: 10 } : undefined,
  );
  setting.server.apply(pod("a", { metadata: { annotations: { long: "l".repeat(2_000) } } }));
  await follower.until(() => labels(follower, "x/a") !== undefined);
  const answer = lookUp("a");
  while (gets().length === 0) await Bun.sleep(1);
  setting.server.remove("Pod", "x/a");
  expect(await answer).toEqual({ kind: "absent" });
  expect(follower.state.endpoints.size).toBe(0);
});

test("before the first whole reading, and without a reader, nothing can be told", async () => {
  expect(await lookUp("a")).toEqual({
    kind: "unreadable",
    because: "there is no connection to the API server yet",
    next: "nothing: tries go on",
  });
  setting.server.faults(({ resource }) => (resource === "pods" ? { kind: "freeze" } : undefined));
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
  setting.server.apply(pod("a"));
  setting.server.faults((request) => (isQuestion(request) ? fault : { kind: "status", status: 503 }));
  expect(await lookUp("a")).toEqual({
    kind: "unreadable",
    because: expect.stringMatching(words),
    next: expect.stringMatching(/./),
  });
  expect(follower.state.endpoints.size).toBe(0);
});

test("a pod that cannot be read, or that no plugin wires, is told with the reason", async () => {
  await deaf();
  setting.server.apply(pod("bad", { metadata: { labels: { app: 7 } } }));
  setting.server.apply(pod("host", { spec: { hostNetwork: true } }));
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
  setting.server.freeze();
  const first = Promise.all([lookUp("a"), lookUp("a"), lookUp("b")]);
  while (gets().length < 2) await Bun.sleep(1);
  const later = Promise.all([lookUp("a"), lookUp("a")]);
  setting.server.apply(pod("a"));
  setting.server.thaw();
  expect((await first).map(({ kind }) => kind)).toEqual(["found", "found", "absent"]);
  expect((await later).map(({ kind }) => kind)).toEqual(["found", "found"]);
  expect(gets().filter((path) => path.endsWith("/a"))).toHaveLength(2);
  expect(gets()).toHaveLength(3);
});

test("who waits no more is answered, and the question ends with the last who waits", async () => {
  await deaf();
  setting.server.freeze();
  const [one, two] = [new AbortController(), new AbortController()];
  const answers = [lookUp("a", one.signal), lookUp("a", two.signal)];
  while (gets().length === 0) await Bun.sleep(1);
  one.abort();
  const unwanted = { kind: "unreadable", because: "nobody waits for the answer any more", next: "nothing" };
  expect(await answers[0]).toEqual(unwanted as PodLookUp);
  two.abort();
  expect(await answers[1]).toEqual(unwanted as PodLookUp);
  expect(await lookUp("a", AbortSignal.abort())).toEqual(unwanted as PodLookUp);
  setting.server.thaw();
  expect(await lookUp("a")).toEqual({ kind: "absent" });
});

test("who still waits when the watching ends is answered", async () => {
  const follower = await deaf();
  setting.server.freeze();
  const answer = lookUp("a");
  while (gets().length === 0) await Bun.sleep(1);
  await follower.stop();
  expect(await answer).toMatchObject({ kind: "unreadable", because: "the datastore is not read any more" });
});

test("everybody who watches is told", async () => {
  const other = read();
  const follower = await deaf();
  setting.server.apply(pod("a"));
  expect((await lookUp("a")).kind).toBe("found");
  expect([labels(other, "x/a"), labels(follower, "x/a")]).toEqual([{ app: "a" }, { app: "a" }]);
});
