import { expect, test } from "bun:test";
import { type Fault, type FaultScript, startApiServer } from "../../../test/api-server/api-server.ts";
import { asked, FAST, follow, namespace, PODS } from "../../../test/api-server/follower.ts";
import { listWatch } from "./list-watch.ts";
import { plainClient } from "../../../test/api-server/plain-client.ts";

/** A fault for the first so many requests of a kind. */
function first(count: number, verb: string, fault: Fault): FaultScript {
  let met = 0;
  return (request) => (request.verb === verb && met++ < count ? fault : undefined);
}

const FAULTS: readonly (readonly [string, Fault])[] = [
  ["closed before it is answered", { kind: "break" }],
  ["closed in the middle of an item", { kind: "break", afterBytes: 300 }],
  ["ended in the middle of an item", { kind: "truncate", afterBytes: 300 }],
  ["ended before it begins", { kind: "truncate", afterBytes: 0 }],
  ["garbled", { kind: "garbage", afterBytes: 300, text: '"}]%%{' }],
  ["no JSON", { kind: "status", status: 200, body: "<html>welcome</html>" }],
  ["no list", { kind: "status", status: 200, body: '{"kind":"Status","metadata":{"resourceVersion":"9"}}' }],
  ["without a version", { kind: "status", status: 200, body: '{"metadata":{},"items":[]}' }],
  ["stalled", { kind: "stall", afterBytes: 300 }],
];

test.each(FAULTS)("a list that is %s is asked again, and nothing is believed of it", async (_name, fault) => {
  await using server = await startApiServer({ streamingLists: 400 });
  for (const name of ["a", "b", "c", "d"]) server.apply(namespace(name));
  server.faults(first(3, "list", fault));
  // Only where it is to be short: a busy machine may take that long for any answer.
  await using reader = follow(server, { pace: fault.kind === "stall" ? { longestAnswer: 50 } : {} });
  await reader.until("the list", () => reader.items.length === 4);
  expect(reader.items).toEqual(server.objects("Namespace"));
  await reader.until("the end of trouble", () => reader.kinds.includes("well"));
  expect(reader.kinds.filter((kind) => !["listing", "items"].includes(kind))).toEqual([
    "trouble",
    "listed",
    "well",
  ]);
  expect(server.requests.filter(({ verb }) => verb === "list").length).toBe(4);
});

test.each(FAULTS)("a streaming list that is %s is asked again", async (_name, fault) => {
  await using server = await startApiServer();
  for (const name of ["a", "b", "c", "d"]) server.apply(namespace(name));
  server.faults(first(3, "watch", fault));
  await using reader = follow(server, { pace: { streamingPatience: 50 } });
  await reader.until("the list", () => reader.items.length === 4);
  expect(reader.items).toEqual(server.objects("Namespace"));
});

test("a server that notices only while it begins a streaming list that it has none is asked for a list, and remembered", async () => {
  await using server = await startApiServer();
  server.apply(namespace("a"));
  // 1.37 with an etcd that is older than it wants.
  const message =
    "a watch stream was requested by the client but the required storage feature RequestWatchProgress is disabled";
  const object = { kind: "Status", code: 500, reason: "InternalError", message };
  const body = `${JSON.stringify({ type: "ERROR", object })}\n`;
  server.faults(({ query }) =>
    query["sendInitialEvents"] ? { kind: "status", status: 200, body } : undefined,
  );
  const client = plainClient(server.url);
  await using namespaces = follow(server, { client });
  await namespaces.until("the watch", () => server.watches() === 1);
  await using pods = follow(server, { client, resource: PODS });
  await pods.until("the watch", () => server.watches() === 2);
  expect([namespaces.kinds, pods.kinds]).toEqual([
    ["listing", "items", "listed"],
    ["listing", "listed"],
  ]);
  const streams = server.requests.filter(({ query }) => query["sendInitialEvents"] !== undefined);
  expect([streams.length, server.requests.length]).toEqual([1, 5]);
});

test.each([
  ["garbage", "%%%\n"],
  ["half an event", '{"type":"ADDED","object":{"kind":\n'],
  ["an event without a version", '{"type":"DELETED","object":{"metadata":{"name":"a"}}}\n'],
  ["an unknown event", '{"type":"NEWS","object":{"metadata":{"name":"a","resourceVersion":"9"}}}\n'],
  ["a number", "7\n"],
  ["nothing", "null\n"],
  ["broken UTF-8", '{"type":"ADDED","object":{"metadata":{"name":"\ud800","resourceVersion":"9"}}\n'],
  ["an ERROR", '{"type":"ERROR","object":{"kind":"Status","code":500,"message":"etcd is gone"}}\n'],
  ["an ERROR without a status", '{"type":"ERROR"}\n'],
])("%s in a watch leads to a new list", async (_name, line) => {
  await using server = await startApiServer({ streamingLists: 400 });
  for (const name of ["a", "b"]) server.apply(namespace(name));
  await using reader = follow(server);
  await reader.until("the watch", () => server.watches() === 1);
  server.say(line);
  server.remove("Namespace", "a");
  await reader.until("the end of trouble", () => reader.kinds.includes("well"));
  expect(reader.items).toEqual(server.objects("Namespace"));
  expect(reader.kinds.slice(0, 4)).toEqual(["listing", "items", "listed", "trouble"]);
  expect(asked(server)[3]).toBe("list resourceVersion=3 resourceVersionMatch=NotOlderThan");
});

test("what stands before a fault in the same read is told", async () => {
  await using server = await startApiServer();
  await using reader = follow(server);
  await reader.until("the list", () => reader.kinds.includes("listed"));
  server.say('{"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"9"}}}\n%%%\n');
  await reader.until("the trouble", () => reader.kinds.includes("trouble"));
  expect(reader.events[2]).toMatchObject({
    kind: "changes",
    changes: [{ item: { metadata: { name: "a" } }, gone: false }],
  });
});

test("a watch that ends in the middle of a line leads to a new list", async () => {
  await using server = await startApiServer({ streamingLists: 400 });
  server.apply(namespace("a"));
  server.faults(first(1, "watch", { kind: "status", status: 400, body: "no" }));
  await using reader = follow(server);
  await reader.until("the watch", () => server.watches() === 1);
  server.say('{"type":"ADD');
  server.endWatches();
  await reader.until("the end of trouble", () => reader.kinds.includes("well"));
  expect(reader.events[3]).toMatchObject({
    kind: "trouble",
    because: `${server.url} sent a body that ends in the middle of a line`,
  });
});

test("bytes that trickle in are put together", async () => {
  await using server = await startApiServer();
  server.apply(namespace("ä€😀"));
  server.faults(() => ({ kind: "slow", bytes: 7, everyMilliseconds: 1 }));
  await using reader = follow(server);
  await reader.until("the list", () => reader.items.length === 1);
  server.apply(namespace("b"));
  await reader.until("the change", () => reader.items.length === 2);
  expect(reader.items.toReversed()).toEqual(server.objects("Namespace").toReversed());
});

test("a server that is away and comes back is watched from the last version", async () => {
  await using server = await startApiServer();
  server.apply(namespace("a"));
  await using reader = follow(server);
  await reader.until("the list", () => reader.items.length === 1);
  await server.stop();
  await reader.until("the trouble", () => reader.kinds.includes("trouble"));
  server.apply(namespace("b"));
  server.remove("Namespace", "a");
  await server.start();
  await reader.until("the changes", () => reader.items[0]?.metadata.name === "b");
  expect(asked(server).slice(1)).toEqual([
    "list limit=1 resourceVersion=2 resourceVersionMatch=NotOlderThan",
    "watch allowWatchBookmarks=true timeoutSeconds=450 resourceVersion=2",
  ]);
  expect(reader.kinds).toEqual(["listing", "items", "listed", "trouble", "well", "changes"]);
});

test("a server that comes back older is listed anew without a version", async () => {
  await using server = await startApiServer();
  server.apply(namespace("a"));
  const before = server.snapshot();
  await using reader = follow(server);
  await reader.until("the list", () => reader.items.length === 1);
  server.apply(namespace("b"));
  await reader.until("the change", () => reader.items.length === 2);
  await server.stop();
  server.restore(before);
  await server.start();
  await reader.until("the older state", () => reader.items.length === 1);
  expect(asked(server).slice(1, 3)).toEqual([
    "list limit=1 resourceVersion=3 resourceVersionMatch=NotOlderThan",
    "list limit=500",
  ]);
});

test("nothing more is read than is asked for", async () => {
  await using server = await startApiServer({ streamingLists: 400 });
  const filling = { filling: "x".repeat(100_000) };
  for (let index = 0; index < 500; index++) server.apply(namespace(`n${index}`, filling));
  const stopping = new AbortController();
  const events = listWatch({
    client: plainClient(server.url),
    resource: { name: "namespaces", path: "/api/v1/namespaces", apiVersion: "v1", kind: "Namespace" },
    read: () => 1,
    stopping: stopping.signal,
    pace: FAST,
  });
  for (let seen = 0; seen === 0;) {
    const next = await events.next();
    if (next.done !== true && next.value.kind === "items") seen += next.value.items.length;
  }
  const before = process.memoryUsage.rss();
  await Bun.sleep(100);
  // 50 MB wait in the server, not here; it and its buffers live in this process, too.
  expect(process.memoryUsage.rss() - before).toBeLessThan(40_000_000);
  stopping.abort();
  expect(await events.return()).toEqual({ done: true, value: undefined });
});

test("stopping ends it at once, wherever it is", async () => {
  for (const fault of [
    { kind: "freeze" },
    { kind: "stall", afterBytes: 5 },
    { kind: "break" },
    undefined,
  ] as const) {
    for (const streamingLists of ["served", 400] as const) {
      await using server = await startApiServer({ streamingLists });
      server.faults(() => fault);
      const reader = follow(server, { pace: { firstBackOff: 1e6, longestBackOff: 1e6 } });
      await reader.until("a request", () => server.requests.length > 0);
      await reader.stop();
      await reader.until("the end of its requests", () => server.watches() === 0);
    }
  }
});

test("whoever leaves in the middle leaves no request behind", async () => {
  await using server = await startApiServer();
  server.apply(namespace("a"));
  const stopping = new AbortController();
  for await (const event of listWatch({
    client: plainClient(server.url),
    resource: { name: "namespaces", path: "/api/v1/namespaces", apiVersion: "v1", kind: "Namespace" },
    read: (object) => object,
    stopping: stopping.signal,
  })) {
    if (event.kind === "listed") break;
  }
  while (server.watches() > 0) await Bun.sleep(1);
  expect(server.requests.length).toBe(1);
});
