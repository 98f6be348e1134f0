import { expect, test } from "bun:test";
import { type ApiServer, startApiServer } from "../../../test/api-server/api-server.ts";
import { asked, follow, namespace, PODS } from "../../../test/api-server/follower.ts";
import { plainClient } from "../../../test/api-server/plain-client.ts";

/** In a thousandth of the real time, or so. */
const PROBING = { silence: 20, probeEvery: 20, longestProbe: 15 } as const;
const CHECK = (version: number): string =>
  `list limit=1 resourceVersion=${version} resourceVersionMatch=NotOlderThan`;

function count(server: ApiServer, verb: string): number {
  return server.requests.filter((request) => request.verb === verb).length;
}

test("one probe serves all silent watches of a client, and a watch that is answered for is left alone", async () => {
  await using server = await startApiServer();
  const client = plainClient(server.url);
  await using first = follow(server, { client, pace: PROBING });
  await using second = follow(server, { client, pace: PROBING, resource: PODS });
  await first.until("the lists", () => first.kinds.includes("listed") && second.kinds.includes("listed"));
  const startedAt = performance.now();
  await first.until("some probes", () => count(server, "probe") >= 5);
  // Never more than the pace allows for one.
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(4 * PROBING.probeEvery - 5);
  expect(count(server, "watch")).toBe(2);
  expect(first.kinds).toEqual(["listing", "listed"]);
});

test.each([404, 401, 500])("a probe that is answered %d is answered", async (status) => {
  await using server = await startApiServer();
  server.faults(({ verb }) => (verb === "probe" ? { kind: "status", status } : undefined));
  await using reader = follow(server, { pace: PROBING });
  await reader.until("some probes", () => count(server, "probe") >= 5);
  expect(count(server, "watch")).toBe(1);
});

test("whoever hears something does not probe", async () => {
  await using server = await startApiServer();
  await using reader = follow(server, { pace: { ...PROBING, silence: 300 } });
  await reader.until("the list", () => reader.kinds.includes("listed"));
  for (let index = 0; index < 40; index++) {
    server.bookmark();
    await Bun.sleep(10);
  }
  expect(count(server, "probe")).toBe(0);
});

test("a frozen server is noticed, and its watches are made anew", async () => {
  await using server = await startApiServer();
  server.apply(namespace("a"));
  const client = plainClient(server.url);
  await using first = follow(server, { client, pace: PROBING });
  await using second = follow(server, { client, pace: PROBING, resource: PODS });
  await first.until("the lists", () => first.kinds.includes("listed") && second.kinds.includes("listed"));
  server.freeze();
  server.apply(namespace("b"));
  await first.until("the trouble", () => [first, second].every(({ kinds }) => kinds.includes("trouble")));
  expect(first.events.find(({ kind }) => kind === "trouble")).toMatchObject({
    because: `${server.url} takes connections and does not answer`,
  });
  server.thaw();
  await first.until("the change", () => first.items.length === 2);
  await second.until("the end of trouble", () => second.kinds.includes("well"));
  expect(first.items).toEqual(server.objects("Namespace"));
  expect(asked(server)).toContain(CHECK(2));
});

test("a server that freezes in the middle of a list is noticed", async () => {
  await using server = await startApiServer({ streamingLists: 400 });
  server.apply(namespace("a"));
  let frozen = true;
  server.faults(({ verb }) => {
    if (verb === "probe" && frozen) return { kind: "freeze" };
    return verb === "list" && frozen ? { kind: "stall", afterBytes: 90 } : undefined;
  });
  await using reader = follow(server, { pace: PROBING });
  await reader.until("the trouble", () => reader.kinds.includes("trouble"));
  frozen = false;
  await reader.until("the list", () => reader.items.length === 1);
});

test("one failed probe is no death: what is silent is checked and watched anew, and nothing more", async () => {
  await using server = await startApiServer();
  let probes = 0;
  server.faults(({ verb }) => (verb === "probe" && ++probes % 4 === 2 ? { kind: "freeze" } : undefined));
  await using reader = follow(server, { pace: { ...PROBING, shortWatch: 1 } });
  await reader.until("some probes", () => probes >= 8);
  expect(count(server, "watch")).toBeGreaterThan(1);
  // Each by a failed probe that the next one excused.
  expect(count(server, "watch")).toBeLessThanOrEqual(1 + probes / 4);
  // Each after the question whether its version still holds.
  expect(new Set(asked(server).filter((line) => line.startsWith("list")))).toEqual(new Set([CHECK(1)]));
  expect(reader.kinds).toEqual(["listing", "listed"]);
});

test("a watch that never had a bookmark is left alone, as long as its version is accepted", async () => {
  await using server = await startApiServer();
  server.apply(namespace("a"));
  await using reader = follow(server, { pace: { bookmarkSilence: 10, versionCheckEvery: 20 } });
  await reader.until("some checks", () => count(server, "list") >= 4);
  expect(new Set(asked(server).slice(1))).toEqual(new Set([CHECK(2)]));
  expect(count(server, "watch")).toBe(1);
  expect(reader.kinds).toEqual(["listing", "items", "listed"]);
});

test("a check that is refused, or not answered, changes nothing", async () => {
  await using server = await startApiServer();
  let checks = 0;
  server.faults(({ verb }) => {
    if (verb !== "list") return undefined;
    return ++checks % 2 === 0 ? { kind: "break" } : { kind: "status", status: 403 };
  });
  await using reader = follow(server, { pace: { versionCheckEvery: 20 } });
  await reader.until("some checks", () => checks >= 5);
  server.apply(namespace("a"));
  await reader.until("the change", () => reader.items.length === 1);
  expect(count(server, "watch")).toBe(1);
});

test("a silent watch on a server that went back is noticed, and listed anew without a version", async () => {
  await using server = await startApiServer({ streamingLists: 422 });
  server.apply(namespace("a"));
  const before = server.snapshot();
  await using reader = follow(server, { pace: { versionCheckEvery: 20 } });
  await reader.until("the watch", () => server.watches() === 1);
  server.apply(namespace("b"));
  await reader.until("the change", () => reader.items.length === 2);
  server.restore(before);
  await reader.until("the older state", () => reader.items.length === 1);
  await reader.until("the watch", () => server.watches() === 1);
  expect(reader.kinds.slice(-5)).toEqual(["trouble", "listing", "items", "listed", "well"]);
  const lines = asked(server).filter((line) => line !== CHECK(2));
  expect(lines.slice(-3)).toEqual([
    CHECK(3),
    "list limit=500",
    "watch allowWatchBookmarks=true timeoutSeconds=450 resourceVersion=2",
  ]);
});

test("a watch whose bookmarks stop is made anew from its version, which is checked", async () => {
  await using server = await startApiServer();
  server.apply(namespace("a"));
  await using reader = follow(server, { pace: { bookmarkSilence: 40, versionCheckEvery: 10 } });
  await reader.until("the list", () => reader.items.length === 1 && count(server, "list") > 0);
  server.bookmark();
  await reader.until("the new watch", () => count(server, "watch") === 2);
  const [again = "", ...earlier] = asked(server).toReversed();
  expect([earlier[0], again]).toEqual([
    CHECK(2),
    "watch allowWatchBookmarks=true timeoutSeconds=450 resourceVersion=2",
  ]);
  server.apply(namespace("b"));
  await reader.until("the change", () => reader.items.length === 2);
  expect(reader.kinds).toEqual(["listing", "items", "listed", "changes"]);
});

test("a watch that the server should have ended long ago is ended here", async () => {
  await using server = await startApiServer();
  await using reader = follow(server, { pace: { longestWatch: 30 } });
  await reader.until("some watches", () => count(server, "watch") >= 3);
  expect(reader.kinds).toEqual(["listing", "listed"]);
});
