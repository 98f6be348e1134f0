import { expect, test } from "bun:test";
import type { ApiRequest, KubernetesClient } from "../adapters/kubernetes/connection/client.ts";
import { fakeClient, jsonAnswer, statusAnswer } from "./test-client.ts";
import { type Listed, listObjects, type ListOptions } from "./list-objects.ts";

const PODS = { resource: "pods", group: "", path: "/api/v1/pods" };

function list(client: KubernetesClient, options: Partial<ListOptions> = {}): Promise<Listed> {
  return listObjects(client, PODS, { signal: new AbortController().signal, ...options });
}

function queries({ requests }: { readonly requests: readonly ApiRequest[] }): unknown[] {
  return requests.map(({ query }) => query);
}

function page(names: readonly string[], next = ""): Response {
  return jsonAnswer({ metadata: { resourceVersion: "7", continue: next }, items: names });
}

async function message(listed: Promise<unknown>): Promise<string> {
  const error: unknown = await listed.then(
    () => "nothing was thrown",
    (thrown: unknown) => thrown,
  );
  return error instanceof Error && error.name === "CtlError" ? error.message : String(error);
}

test("pages follow each other", async () => {
  const client = fakeClient(({ query }) =>
    query?.["continue"] === undefined ? page(["a", "b"], "token") : page(["c"]),
  );
  expect(await list(client)).toEqual({ items: ["a", "b", "c"], resourceVersion: "7" });
  expect(queries(client)).toEqual([{ limit: "500" }, { limit: "500", continue: "token" }]);
});

test("an empty list, as old servers say it", async () => {
  const client = fakeClient(() => jsonAnswer({ metadata: {}, items: null }));
  expect(await list(client)).toEqual({ items: [], resourceVersion: "" });
});

test("one name is a field selector", async () => {
  const client = fakeClient(() => page([]));
  await listObjects(client, { ...PODS, name: "web" }, { signal: new AbortController().signal });
  expect(queries(client)).toEqual([{ limit: "500", fieldSelector: "metadata.name=web" }]);
});

test("where the pages expire, everything is read anew and in one", async () => {
  const client = fakeClient(({ query }) => {
    if (query?.["continue"] !== undefined) return statusAnswer(410, "expired");
    return query?.["limit"] === undefined ? page(["b", "c"]) : page(["a", "b"], "token");
  });
  expect((await list(client)).items).toEqual(["b", "c"]);
  expect(queries(client)).toEqual([{ limit: "500" }, { limit: "500", continue: "token" }, {}]);
});

test("a server that says when to come back is asked again then", async () => {
  const waits: number[] = [];
  const sleep = (milliseconds: number): Promise<void> => Promise.resolve(void waits.push(milliseconds));
  const answers = [statusAnswer(429, "busy", { "retry-after": "2" }), page(["a"])];
  const client = fakeClient(() => answers.shift() ?? page([]));
  expect((await list(client, { sleep })).items).toEqual(["a"]);
  expect(waits).toEqual([2000]);
});

test("but not for ever", async () => {
  const sleep = (): Promise<void> => Promise.resolve();
  const client = fakeClient(() => statusAnswer(503, "down", { "retry-after": "1" }));
  expect(await message(list(client, { sleep, attempts: 3 }))).toBe(
    "the API server answered 503: down; next: try again a little later",
  );
  expect(client.requests).toHaveLength(3);
});

test.each([
  [
    statusAnswer(401, "Unauthorized"),
    "connection is unauthorized: the API server does not accept the credentials (401 Unauthorized); next: ",
  ],
  [
    statusAnswer(403, 'pods is forbidden: User "eve" cannot list resource "pods" in API group ""'),
    'connection is unauthorized: user "eve" may not list pods (403 Forbidden); next: grant it by RBAC: ' +
      'a ClusterRole with apiGroups [""], resources ["pods"], verbs ["list"], bound to user "eve"',
  ],
  [statusAnswer(404, "no such thing"), "the API server answered 404: no such thing; next: "],
  [statusAnswer(500, "boom"), "the API server answered 500: boom; next: try again a little later"],
  [
    new Response("<html>hello</html>"),
    "https://api:6443/api/v1/pods answers with something that is no list of pods; next: check the server's URL",
  ],
  [
    jsonAnswer({ items: "many" }),
    "https://api:6443/api/v1/pods answers with something that is no list of pods; next: check the server's URL",
  ],
])("a refusal is told with verb and resource (%#)", async (answer, text) => {
  expect(await message(list(fakeClient(() => answer)))).toStartWith(text);
});

test("an answer that breaks off", async () => {
  const broken = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('{"items":['));
      controller.error(new Error("ECONNRESET"));
    },
  });
  expect(await message(list(fakeClient(() => new Response(broken))))).toBe(
    "the answer of https://api:6443 broke off while pods were listed (ECONNRESET); next: try again",
  );
});

test("an answer that does not come", async () => {
  const client = fakeClient(
    ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted")))),
  );
  expect(await message(list(client, { answerMilliseconds: 10 }))).toBe(
    "the whole answer of https://api:6443 about pods did not come within 0.01 s; " +
      "next: see that the API server is well and no firewall drops packets",
  );
});
