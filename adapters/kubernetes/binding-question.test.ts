import { expect, test } from "bun:test";
import type { Address } from "../../model/address.ts";
import type { Annotated, PodAnnotation } from "../datastore.ts";
import { createBindingQuestion } from "./binding-question.ts";
import type { KubernetesClient } from "./connection/client.ts";
import { kubernetesDatastore } from "./datastore.ts";

const GROUP = "/apis/admissionregistration.k8s.io/v1";
const given: PodAnnotation = {
  namespace: "x",
  pod: "a",
  uid: "u1",
  addresses: ["10.0.0.2" as Address],
  containerId: "c1",
};
const signal = new AbortController().signal;

interface Bench extends Disposable {
  /** Paths of what was asked since the connection was open, without lists and watches. */
  readonly asked: string[];
  annotate(): Promise<Annotated | undefined>;
}

/** A datastore whose connection is open, and whose server answers this to the question. */
async function bench(answer: () => Response, annotating?: boolean): Promise<Bench> {
  const asked: string[] = [];
  const client: KubernetesClient = {
    server: "https://test",
    notices: [],
    async request({ path, method }) {
      if (path === GROUP) {
        asked.push(path);
        return answer();
      }
      if (method !== "PATCH") return new Response(null, { status: 503 });
      asked.push(path);
      return Response.json({});
    },
    [Symbol.dispose]: () => undefined,
  };
  const datastore = kubernetesDatastore({ open: async () => client, nodeName: "here", annotating });
  const stopping = new AbortController();
  const events = datastore.watch(stopping.signal)[Symbol.asyncIterator]();
  await events.next();
  return {
    asked,
    annotate: async () => datastore.annotate?.(given, signal),
    [Symbol.dispose]: () => stopping.abort(),
  };
}

const resources = (...names: readonly string[]) =>
  Response.json({ resources: names.map((name) => ({ name })) });
const WITH = (): Response => resources("validatingwebhookconfigurations", "validatingadmissionpolicies");
const WITHOUT = (): Response => resources("validatingwebhookconfigurations");
const PATCH = "/api/v1/namespaces/x/pods/a/status";

test("a server with admission policies is asked once, and annotated to", async () => {
  using all = await bench(WITH);
  expect(await Promise.all([all.annotate(), all.annotate()])).toEqual([
    { kind: "annotated" },
    { kind: "annotated" },
  ]);
  expect(await all.annotate()).toEqual({ kind: "annotated" });
  expect(all.asked).toEqual([GROUP, PATCH, PATCH, PATCH]);
});

test.each([
  ["without admission policies", WITHOUT],
  ["without their API", () => new Response("404 page not found", { status: 404 })],
])("a server %s is asked once, and left alone", async (_, answer) => {
  using all = await bench(answer);
  const results = [await all.annotate(), await all.annotate()];
  expect(results.map((result) => result?.kind)).toEqual(["notAllowed", "notAllowed"]);
  expect(all.asked).toEqual([GROUP]);
});

test.each([
  ["an error", () => new Response("", { status: 503 }), "the API server answered 503"],
  [
    "no answer that can be read",
    () => Response.json({}),
    'Invalid key: Expected "resources" but received undefined',
  ],
])("%s is a failure, and it is asked again", async (_, wrong, because) => {
  const answers = [wrong, WITH];
  using all = await bench(() => (answers.shift() ?? WITHOUT)());
  expect(await all.annotate()).toMatchObject({ kind: "failed", because, next: expect.stringMatching(/./) });
  expect(await all.annotate()).toEqual({ kind: "annotated" });
  expect(all.asked).toEqual([GROUP, GROUP, PATCH]);
});

test("after an hour it is asked again: the server may be a newer one, or an older one", async () => {
  let time = 0;
  let answer = WITHOUT;
  let asked = 0;
  const client: KubernetesClient = {
    server: "https://test",
    notices: [],
    request: async () => {
      asked++;
      return answer();
    },
    [Symbol.dispose]: () => undefined,
  };
  const unbound = createBindingQuestion(() => time);
  expect(await unbound(client, signal)).toMatchObject({ kind: "notAllowed" });
  answer = WITH;
  time = 3_599_999;
  expect(await unbound(client, signal)).toMatchObject({ kind: "notAllowed" });
  time = 3_600_000;
  expect(await unbound(client, signal)).toBeUndefined();
  answer = WITHOUT;
  time = 7_200_000;
  expect(await unbound(client, signal)).toMatchObject({ kind: "notAllowed" });
  expect(asked).toBe(3);
});

test("told to, it asks nobody", async () => {
  using all = await bench(WITHOUT, true);
  expect(await all.annotate()).toEqual({ kind: "annotated" });
  expect(all.asked).toEqual([PATCH]);
});
