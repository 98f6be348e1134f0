import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Cluster, startCluster } from "./cluster.ts";
import { applyPolicy, createNamespace, createPod } from "./objects.ts";
import { apiServerMinor } from "./programs.ts";

// What list-watch relies on, told by the server itself.
let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster({ people: [{ user: "nobody" }] });
}, 60_000);
afterAll(() => cluster[Symbol.asyncDispose]());

interface WatchLine {
  readonly type: string;
  readonly object: { readonly metadata?: { readonly name?: string }; readonly message?: string };
}

function get(path: string, user = "admin"): Promise<Response> {
  return fetch(cluster.server + path, {
    tls: { ca: cluster.identities.authority.cert },
    headers: { Authorization: `Bearer ${cluster.identities.tokenOf(user)}` },
    proxy: false,
  } as BunFetchRequestInit);
}

async function watch(path: string): Promise<WatchLine[]> {
  const lines = (await (await get(path)).text()).split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as WatchLine);
}

async function versionOf(path: string): Promise<number> {
  const list = (await (await get(path)).json()) as { metadata: { resourceVersion: string } };
  return Number(list.metadata.resourceVersion);
}

test("kubectl's objects are there, with the status that a kubelet would write", async () => {
  await createNamespace(cluster, "shop", { team: "a" });
  const plan = { namespace: "shop", name: "web", node: "node-1", labels: { app: "web" } };
  await createPod(cluster, { ...plan, addresses: ["10.65.0.1", "fd00:65::1"] });
  await applyPolicy(cluster, "shop", "closed", { podSelector: {} });
  const path = "jsonpath={.status.phase} {.status.podIPs[*].ip}";
  const pod = await cluster.kubectl(["get", "pod", "--namespace", "shop", "web", "--output", path]);
  expect(pod).toBe("Running 10.65.0.1 fd00:65::1");
  const policies = await cluster.kubectl(["get", "netpol", "--all-namespaces", "--output", "name"]);
  expect(policies.trim()).toBe("networkpolicy.networking.k8s.io/closed");
});

test("a watch gets a bookmark before its time is up once its resource changed, and ends in order", async () => {
  const version = await versionOf("/api/v1/namespaces");
  const query = `watch=1&resourceVersion=${version}&allowWatchBookmarks=true&timeoutSeconds=4`;
  const [lines] = await Promise.all([
    watch(`/api/v1/namespaces?${query}`),
    createNamespace(cluster, "changed"),
  ]);
  const [first, ...others] = lines.map(({ type }) => type);
  expect(first).toBe("ADDED");
  // One, or two where the server turns to the watch twice in its last seconds.
  expect(new Set(others)).toEqual(new Set(["BOOKMARK"]));
});

test("a streaming list is refused with 422 by servers that do not have it", async () => {
  const query =
    "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=1";
  const answer = await get(`/api/v1/namespaces?${query}`);
  const text = await answer.text();
  if (apiServerMinor() < 27) expect(answer.status).toBe(422);
  else if (answer.status === 200) expect(text).toContain("k8s.io/initial-events-end");
  else expect(answer.status).toBe(422);
});

test("a version from the future is told at once to a list of one, and a watch from it stays silent", async () => {
  const future = (await versionOf("/api/v1/namespaces")) + 1000;
  const query = `resourceVersion=${future}&resourceVersionMatch=NotOlderThan&limit=1`;
  const answer = await get(`/api/v1/namespaces?${query}`);
  expect(answer.status).toBe(504);
  expect(await answer.json()).toMatchObject({
    reason: "Timeout",
    details: { causes: [{ reason: "ResourceVersionTooLarge" }] },
  });
  expect(await watch(`/api/v1/namespaces?watch=1&resourceVersion=${future}&timeoutSeconds=1`)).toEqual([]);
});

test("a watch from before the server's memory gets an ERROR of 410", async () => {
  const version = await versionOf("/api/v1/namespaces");
  await createNamespace(cluster, "later");
  await cluster.apiServer.kill();
  cluster.apiServer.start();
  await cluster.ready();
  const lines = await watch(`/api/v1/namespaces?watch=1&resourceVersion=${version}&timeoutSeconds=1`);
  expect(lines).toMatchObject([{ type: "ERROR", object: { reason: "Expired", code: 410 } }]);
});

test("who has no role is told what it may not", async () => {
  const answer = await get("/api/v1/pods", "nobody");
  expect(answer.status).toBe(403);
  expect(await answer.text()).toContain(`User \\"nobody\\" cannot list resource \\"pods\\"`);
});
