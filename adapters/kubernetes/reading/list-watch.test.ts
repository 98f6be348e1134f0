import { expect, test } from "bun:test";
import { startApiServer } from "../../../test/api-server/api-server.ts";
import { asked, follow, namespace, pod, PODS } from "../../../test/api-server/follower.ts";
import { plainClient } from "../../../test/api-server/plain-client.ts";
import { forbidden, internalError, tooManyRequests, unauthorized } from "../../../test/api-server/status.ts";

const WATCH = "watch allowWatchBookmarks=true timeoutSeconds=450";
const STREAM = `${WATCH} sendInitialEvents=true resourceVersionMatch=NotOlderThan`;
const STREAM_FROM = (version: number): string =>
  `${WATCH} resourceVersion=${version} sendInitialEvents=true resourceVersionMatch=NotOlderThan`;
const WATCH_FROM = (version: number): string => `${WATCH} resourceVersion=${version}`;
const AGAIN_FROM = (version: number): string =>
  `list resourceVersion=${version} resourceVersionMatch=NotOlderThan`;
const CHECK = (version: number): string =>
  `list limit=1 resourceVersion=${version} resourceVersionMatch=NotOlderThan`;

test("a streaming list tells what there is, then what changes, in one request", async () => {
  await using server = await startApiServer();
  server.apply(namespace("a"));
  server.apply(namespace("b"));
  await using reader = follow(server);
  await reader.until("the list", () => reader.items.length === 2);
  server.apply(namespace("c"));
  server.remove("Namespace", "a");
  await reader.until(
    "the changes",
    () => reader.items[0]?.metadata.name === "b" && reader.items.length === 2,
  );
  expect(reader.kinds).toEqual(["listing", "items", "listed", "changes"]);
  expect(reader.events).toContainEqual({ kind: "listed", version: "3" });
  expect(reader.items).toEqual(server.objects("Namespace"));
  expect(asked(server)).toEqual([STREAM]);
});

test.each([400, 422] as const)(
  "a server that answers %d to a streaming list is asked for a list",
  async (status) => {
    await using server = await startApiServer({ streamingLists: status });
    server.apply(namespace("a"));
    await using reader = follow(server);
    await reader.until("the watch", () => server.watches() === 1);
    server.apply(namespace("b"));
    await reader.until("the change", () => reader.items.length === 2);
    expect(reader.kinds).toEqual(["listing", "items", "listed", "changes"]);
    expect(reader.events).toContainEqual({ kind: "listed", version: "2" });
    expect(reader.items).toEqual(server.objects("Namespace"));
    expect(asked(server)).toEqual([STREAM, "list resourceVersion=0", WATCH_FROM(2)]);
  },
);

test("that there are no streaming lists is remembered, for all that reads through the client", async () => {
  await using server = await startApiServer({ streamingLists: 422 });
  const client = plainClient(server.url);
  server.apply(namespace("a"));
  await using first = follow(server, { client });
  await first.until("the watch", () => server.watches() === 1);
  await using second = follow(server, { client, resource: PODS });
  await second.until("the watch", () => server.watches() === 2);
  server.say("garbage\n", "pods");
  await second.until("the new watch", () => second.kinds.includes("well") && server.watches("pods") === 1);
  expect(asked(server)).toEqual([
    STREAM,
    "list resourceVersion=0",
    WATCH_FROM(2),
    "list resourceVersion=0",
    WATCH_FROM(2),
    AGAIN_FROM(2),
    WATCH_FROM(2),
  ]);
});

test("a server that takes sendInitialEvents for nothing is asked for a list when its silence has lasted", async () => {
  await using server = await startApiServer({ streamingLists: "ignored" });
  server.apply(namespace("a"));
  await using reader = follow(server, { pace: { streamingPatience: 30 } });
  await reader.until("the watch", () => server.requests.length === 3 && server.watches() === 1);
  expect(asked(server).slice(0, 2)).toEqual([STREAM, "list resourceVersion=0"]);
  server.say("garbage\n");
  await reader.until("the new list", () => reader.kinds.includes("well"));
  expect(asked(server).filter((line) => line.startsWith(STREAM))).toEqual([STREAM]);
});

test("a list whose members stand in another order is read as well", async () => {
  await using server = await startApiServer({ streamingLists: 400, fieldOrder: "items first" });
  for (let index = 0; index < 500; index++)
    server.apply(namespace(`n${index}`, { text: `"}]{[\\ü${index}` }));
  await using reader = follow(server);
  await reader.until("the list", () => reader.items.length === 500);
  expect(reader.items).toEqual(server.objects("Namespace"));
});

test("a field that the server does not select by is left away", async () => {
  await using server = await startApiServer({ streamingLists: 422, refusedFields: ["spec.hostNetwork"] });
  server.apply(pod("web", "Running"));
  server.apply(pod("done", "Succeeded"));
  await using reader = follow(server, { resource: PODS });
  await reader.until("the watch", () => server.watches() === 1);
  expect(reader.items.map(({ metadata }) => metadata.name)).toEqual(["web"]);
  server.apply(pod("web", "Succeeded"));
  await reader.until("the end of the pod", () => reader.items.length === 0);
  const selectors = server.requests.map(({ verb, query }) => `${verb} ${query["fieldSelector"]}`);
  expect(selectors.slice(0, 2)).toEqual([
    "watch status.phase!=Succeeded,spec.hostNetwork=false",
    "list status.phase!=Succeeded,spec.hostNetwork=false",
  ]);
  expect(selectors.slice(-2)).toEqual(["list status.phase!=Succeeded", "watch status.phase!=Succeeded"]);
});

test.each([
  ["refused", 400],
  ["served", "served"],
] as const)(
  "a field that the server selects by no more is left away (streaming lists: %s)",
  async (_name, streamingLists) => {
    const refusedFields: string[] = [];
    await using server = await startApiServer({ streamingLists, refusedFields });
    server.apply(pod("a", "Running"));
    await using reader = follow(server, { resource: PODS });
    await reader.until("the watch", () => reader.items.length === 1 && server.watches() === 1);
    refusedFields.push("spec.hostNetwork");
    server.endWatches();
    server.apply(pod("b", "Running"));
    server.remove("Pod", "shop/a");
    await reader.until("the new state", () => reader.items[0]?.metadata.name === "b");
    await reader.until("the end of trouble", () => reader.kinds.includes("well") && server.watches() === 1);
    expect(reader.items).toEqual(server.objects("Pod"));
    expect(server.requests.at(-1)?.query["fieldSelector"]).toBe("status.phase!=Succeeded");
  },
);

test("a watch that the server ends early is followed by a check, and by a watch from the last version", async () => {
  await using server = await startApiServer();
  server.apply(namespace("a"));
  await using reader = follow(server);
  await reader.until("the list", () => reader.items.length === 1);
  server.apply(namespace("b"));
  server.apply(pod("web", "Running"));
  server.bookmark();
  await reader.until("the change", () => reader.items.length === 2);
  server.endWatches();
  await reader.until("the new watch", () => server.requests.length === 3 && server.watches() === 1);
  server.apply(namespace("c"));
  await reader.until("the change", () => reader.items.length === 3);
  // The bookmark moved the version on.
  expect(asked(server)).toEqual([STREAM, CHECK(4), WATCH_FROM(4)]);
  expect(reader.kinds).toEqual(["listing", "items", "listed", "changes"]);
});

test.each(["line", "status"] as const)(
  "an expired version (as a %s) leads to a list with its differences",
  async (expired) => {
    await using server = await startApiServer({ expired });
    server.apply(namespace("a"));
    server.apply(namespace("b"));
    await using reader = follow(server);
    await reader.until("the list", () => reader.items.length === 2);
    server.faults(({ verb }) => (verb === "watch" ? { kind: "break" } : undefined));
    server.breakConnections();
    await reader.until("the trouble", () => reader.kinds.includes("trouble"));
    server.remove("Namespace", "a");
    server.apply(namespace("c"));
    server.compact();
    server.faults(undefined);
    await reader.until("the new list", () => reader.items[1]?.metadata.name === "c");
    expect(reader.items).toEqual(server.objects("Namespace"));
    const lines = asked(server);
    expect(lines.slice(lines.lastIndexOf(WATCH_FROM(3)))).toEqual([WATCH_FROM(3), STREAM_FROM(3)]);
  },
);

test("a version that lists know no more leads to pages, and an expired page to the whole", async () => {
  await using server = await startApiServer({ streamingLists: 400 });
  for (let index = 0; index < 1200; index++) server.apply(namespace(`n${index}`));
  let page = 0;
  await using reader = follow(server);
  await reader.until("the list", () => reader.items.length === 1200 && server.watches() === 1);
  const expired = { kind: "status", status: 410, body: "{}" } as const;
  server.faults(({ verb, query }) => {
    if (verb !== "list") return undefined;
    if (query["resourceVersionMatch"] !== undefined) return expired;
    return query["continue"] !== undefined && ++page === 2 ? expired : undefined;
  });
  server.say("garbage\n");
  await reader.until("the new list", () => reader.kinds.includes("well") && server.watches() === 1);
  expect(reader.items.length).toBe(1200);
  expect(asked(server).slice(3)).toEqual([
    AGAIN_FROM(1201),
    "list limit=500",
    expect.stringMatching(/^list limit=500 continue=/),
    expect.stringMatching(/^list limit=500 continue=/),
    "list",
    WATCH_FROM(1201),
  ]);
});

test("pages are followed to the last", async () => {
  await using server = await startApiServer({ streamingLists: 400 });
  for (let index = 0; index < 1200; index++) server.apply(namespace(`n${index}`));
  await using reader = follow(server);
  await reader.until("the list", () => server.watches() === 1);
  server.restore({ ...server.snapshot(), version: 1000 });
  server.breakConnections();
  await reader.until(
    "the new list",
    () => server.watches() === 1 && asked(server).includes(WATCH_FROM(1000)),
  );
  expect(reader.items.length).toBe(1200);
  expect(asked(server).slice(3)).toEqual([
    CHECK(1201),
    "list limit=500",
    "list limit=500 continue=page-1000-0",
    "list limit=500 continue=page-1000-1",
    WATCH_FROM(1000),
  ]);
});

test.each([
  ["401", unauthorized(), "the API server does not accept the credentials (401 Unauthorized)"],
  ["403", forbidden("watch", "namespaces"), 'user "somebody" may not watch namespaces (403 Forbidden)'],
  [
    "429",
    tooManyRequests(0),
    "the API server asks to wait (429): Too many requests, please try again later.",
  ],
  ["500", internalError(), "the API server answered 500 InternalError: Internal error occurred"],
])("%s is told, tried again, and over when it is over", async (_name, status, because) => {
  await using server = await startApiServer();
  server.apply(namespace("a"));
  server.faults(() => ({ kind: "status", ...status }));
  await using reader = follow(server);
  await reader.until("some tries", () => server.requests.length > 4);
  server.faults(undefined);
  await reader.until("the list", () => reader.items.length === 1);
  expect(reader.kinds).toEqual(["trouble", "listing", "items", "listed", "well"]);
  expect(reader.events[0]).toMatchObject({ kind: "trouble", because });
});

test("Retry-After is waited for", async () => {
  await using server = await startApiServer();
  let refusedAt = 0;
  server.faults(() => {
    if (refusedAt > 0) return undefined;
    refusedAt = performance.now();
    return { kind: "status", ...tooManyRequests(1) };
  });
  await using reader = follow(server, { pace: { longestRetryAfter: 80 } });
  await reader.until("the list", () => reader.kinds.includes("listed"));
  expect(performance.now() - refusedAt).toBeGreaterThanOrEqual(80);
});

test("what a streaming list says of deletions before its end is told after it, in order", async () => {
  await using server = await startApiServer({ streamingLists: "ignored" });
  await using reader = follow(server);
  await reader.until("the watch", () => server.watches() === 1);
  const line = (type: string, name: string, version: number, annotations = {}): string =>
    `${JSON.stringify({ type, object: { metadata: { name, resourceVersion: `${version}`, annotations } } })}\n`;
  server.say(line("ADDED", "a", 2) + line("ADDED", "b", 3) + line("DELETED", "a", 4) + line("ADDED", "a", 5));
  server.say(line("BOOKMARK", "", 6, { "k8s.io/initial-events-end": "true" }) + line("DELETED", "b", 7));
  await reader.until("the changes", () => reader.kinds.includes("changes") && reader.items.length === 1);
  expect(reader.items).toMatchObject([{ metadata: { name: "a", resourceVersion: "5" } }]);
  expect(reader.kinds).toEqual(["listing", "items", "listed", "changes"]);
});

test("after a disconnect a list waits for its turn, the first one ever does not", async () => {
  await using server = await startApiServer();
  server.apply(namespace("a"));
  await server.stop();
  await using reader = follow(server, { pace: { relistSpread: 1e9 } });
  await reader.until("the trouble", () => reader.kinds.includes("trouble"));
  await server.start();
  await reader.until("the list", () => reader.items.length === 1);
  server.breakConnections();
  server.faults(({ verb }) => (verb === "list" ? { kind: "break" } : undefined));
  await reader.until("the checks", () => server.requests.filter(({ verb }) => verb === "list").length > 2);
  server.compact();
  server.apply(namespace("b"));
  server.compact();
  server.faults(undefined);
  await reader.until("the expired watch", () => server.requests.at(-1)?.verb === "watch");
  const { length } = server.requests;
  await Bun.sleep(30);
  expect(server.requests.length).toBe(length);
  expect(reader.items.length).toBe(1);
});
