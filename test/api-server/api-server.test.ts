import { expect, test } from "bun:test";
import { type ApiObject, type ApiServer, startApiServer } from "./api-server.ts";

function namespace(name: string, labels: Record<string, string> = {}): ApiObject {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
}

function pod(name: string, phase: string): ApiObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "shop" },
    spec: {},
    status: { phase },
  };
}

async function get(server: ApiServer, path: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(server.url + path);
  return { status: response.status, body: await response.json() };
}

/** The lines of a watch that ends by itself. */
async function lines(server: ApiServer, path: string): Promise<unknown[]> {
  const text = await (await fetch(server.url + path)).text();
  return text
    .trim()
    .split("\n")
    .filter(Boolean)
    .map((line): unknown => JSON.parse(line));
}

test("a list has the objects and the version, without kinds", async () => {
  await using server = await startApiServer();
  server.apply(namespace("shop"));
  expect(await get(server, "/api/v1/namespaces?resourceVersion=0")).toEqual({
    status: 200,
    body: {
      kind: "NamespaceList",
      apiVersion: "v1",
      metadata: { resourceVersion: "2" },
      items: [{ metadata: { name: "shop", labels: {}, uid: "uid-1", resourceVersion: "2" } }],
    },
  });
});

test("a list in pages ends with a token that a compaction expires", async () => {
  await using server = await startApiServer();
  for (const name of ["a", "b", "c"]) server.apply(namespace(name));
  const first = await get(server, "/api/v1/namespaces?limit=2");
  expect(first.body).toMatchObject({ items: [{ metadata: { name: "a" } }, { metadata: { name: "b" } }] });
  const { metadata } = first.body as { metadata: { continue: string } };
  const second = await get(server, `/api/v1/namespaces?limit=2&continue=${metadata.continue}`);
  expect(second.body).toMatchObject({
    metadata: { resourceVersion: "4" },
    items: [{ metadata: { name: "c" } }],
  });
  server.compact();
  const third = await get(server, `/api/v1/namespaces?limit=2&continue=${metadata.continue}`);
  expect(third).toMatchObject({ status: 410, body: { reason: "Expired" } });
});

test("a version of the future is too large", async () => {
  await using server = await startApiServer();
  const path = "/api/v1/pods?limit=1&resourceVersion=9&resourceVersionMatch=NotOlderThan";
  expect(await get(server, path)).toMatchObject({
    status: 504,
    body: { reason: "Timeout", details: { causes: [{ reason: "ResourceVersionTooLarge" }] } },
  });
});

test("a watch tells an object that leaves the selection as deleted", async () => {
  await using server = await startApiServer({ second: 100 });
  const selector = "fieldSelector=status.phase!%3DSucceeded";
  const told = lines(server, `/api/v1/pods?watch=1&${selector}&resourceVersion=1&timeoutSeconds=1`);
  server.apply(pod("web", "Running"));
  server.apply(pod("web", "Running"));
  server.apply(pod("web", "Succeeded"));
  server.apply(pod("web", "Succeeded"));
  expect(await told).toMatchObject([
    { type: "ADDED", object: { kind: "Pod", status: { phase: "Running" } } },
    { type: "MODIFIED" },
    { type: "DELETED", object: { metadata: { resourceVersion: "4" }, status: { phase: "Running" } } },
  ]);
});

test("a streaming list has a bookmark at its end", async () => {
  await using server = await startApiServer({ second: 100 });
  server.apply(namespace("shop"));
  const query = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&timeoutSeconds=1";
  expect(await lines(server, `/api/v1/namespaces?${query}`)).toMatchObject([
    { type: "ADDED" },
    {
      type: "BOOKMARK",
      object: { metadata: { resourceVersion: "2", annotations: { "k8s.io/initial-events-end": "true" } } },
    },
  ]);
});

test("a watch from a compacted version is an ERROR line", async () => {
  await using server = await startApiServer();
  server.apply(namespace("shop"));
  server.apply(namespace("shop"));
  server.compact();
  expect(await lines(server, "/api/v1/namespaces?watch=1&resourceVersion=2")).toMatchObject([
    { type: "ERROR", object: { code: 410, reason: "Expired" } },
  ]);
});

test("replaceAll removes what is not among the new, and restore goes back", async () => {
  await using server = await startApiServer();
  server.replaceAll([namespace("a"), namespace("b")]);
  const before = server.snapshot();
  server.replaceAll([namespace("b"), namespace("c")]);
  expect(server.objects("Namespace").map(({ metadata }) => metadata.name)).toEqual(["b", "c"]);
  server.restore(before);
  expect(server.objects("Namespace").map(({ metadata }) => metadata.name)).toEqual(["a", "b"]);
  expect(server.version).toBe(3);
});

test.each([
  ["break", { kind: "break" }],
  ["break in the body", { kind: "break", afterBytes: 10 }],
] as const)("%s is an error of the connection", async (_name, fault) => {
  await using server = await startApiServer();
  server.faults(() => fault);
  expect(await get(server, "/api/v1/pods").catch((error: unknown) => error)).toMatchObject({
    code: "ECONNRESET",
  });
});

test("truncated, garbled and slow bodies arrive as scripted", async () => {
  await using server = await startApiServer();
  server.faults(() => ({ kind: "truncate", afterBytes: 7 }));
  expect(await (await fetch(`${server.url}/api/v1/pods`)).text()).toBe('{"kind"');
  server.faults(() => ({ kind: "garbage", afterBytes: 7, text: "%%%" }));
  expect(await (await fetch(`${server.url}/api/v1/pods`)).text()).toStartWith('{"kind"%%%:"PodList"');
  server.faults(() => ({ kind: "slow", bytes: 5, everyMilliseconds: 1 }));
  expect(await get(server, "/api/v1/pods")).toMatchObject({ status: 200, body: { kind: "PodList" } });
});

test("a frozen server answers when it thaws, a stopped one refuses", async () => {
  await using server = await startApiServer();
  server.freeze();
  let answered = false;
  const later = get(server, "/not/served").then(() => (answered = true));
  while (server.requests.length === 0) await Bun.sleep(1);
  await Bun.sleep(5);
  expect(answered).toBe(false);
  server.thaw();
  await later;
  await server.stop();
  expect(await get(server, "/readyz").catch((error: unknown) => error)).toMatchObject({
    code: "ECONNREFUSED",
  });
  await server.start();
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
});
