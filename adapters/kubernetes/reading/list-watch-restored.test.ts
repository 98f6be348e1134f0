import { expect, test } from "bun:test";
import { startApiServer } from "../../../test/api-server/api-server.ts";
import { asked, follow, namespace } from "../../../test/api-server/follower.ts";

const CHECK = (version: number): string =>
  `list limit=1 resourceVersion=${version} resourceVersionMatch=NotOlderThan`;

test("an etcd restored behind a watch that ended in good order is noticed before the next watch", async () => {
  await using server = await startApiServer();
  server.apply(namespace("a"));
  const before = server.snapshot();
  await using reader = follow(server);
  await reader.until("the list", () => reader.items.length === 1);
  server.apply(namespace("lost"));
  await reader.until("the change", () => reader.items.length === 2);
  server.restore(before);
  server.endWatches();
  await reader.until("the older state", () => reader.items.length === 1 && server.watches() === 1);
  expect(reader.items).toEqual(server.objects("Namespace"));
  expect(asked(server).slice(1)).toEqual([
    CHECK(3),
    "list limit=500",
    "watch allowWatchBookmarks=true timeoutSeconds=450 resourceVersion=2",
  ]);
  expect(reader.kinds.slice(-5)).toEqual(["trouble", "listing", "items", "listed", "well"]);
});

test("an etcd restored behind a watch that is doubted is noticed before the next watch", async () => {
  await using server = await startApiServer();
  server.apply(namespace("a"));
  const before = server.snapshot();
  let probes = 0;
  let failing = 0;
  server.faults(({ verb }) => {
    if (verb !== "probe" || ++probes !== failing) return undefined;
    server.restore(before);
    server.forgetRequests();
    return { kind: "freeze" };
  });
  await using reader = follow(server, { pace: { silence: 20, probeEvery: 20, longestProbe: 15 } });
  await reader.until("the list", () => reader.items.length === 1);
  server.apply(namespace("lost"));
  await reader.until("the change", () => reader.items.length === 2);
  failing = probes + 1;
  await reader.until("the older state", () => reader.items.length === 1);
  expect(reader.items).toEqual(server.objects("Namespace"));
  const lines = asked(server).filter((line) => line !== "probe");
  expect(lines.slice(0, 2)).toEqual([CHECK(3), "list limit=500"]);
});

test("a watch that ends at its timeoutSeconds is followed at once by a watch, without a check", async () => {
  await using server = await startApiServer();
  server.apply(namespace("a"));
  await using reader = follow(server, { pace: { watchSeconds: [1, 1] } });
  await reader.until("the third watch", () => server.requests.length >= 3);
  expect(server.requests.map(({ verb }) => verb).slice(0, 3)).toEqual(["watch", "watch", "watch"]);
  expect(reader.kinds).toEqual(["listing", "items", "listed"]);
});
