import { expect, test } from "bun:test";
import type { Address } from "../../model/address.ts";
import type { PodAnnotation } from "../datastore.ts";
import type { ApiRequest, KubernetesClient } from "./connection/client.ts";
import { ConnectionError } from "./connection/connection-error.ts";
import { kubernetesDatastore } from "./datastore.ts";
import { patchPodAnnotations } from "./pod-annotations.ts";

const ADDRESSES = ["10.0.0.2", "fd00::2"] as unknown as Address[];
const given: PodAnnotation = {
  namespace: "x",
  pod: "a",
  uid: "u1",
  addresses: ADDRESSES,
  containerId: "c1",
};
const signal = new AbortController().signal;

interface Fake {
  readonly client: KubernetesClient;
  readonly requests: ApiRequest[];
}

/** A client that answers this to everything. */
function clientOf(answer: () => Response): Fake {
  const requests: ApiRequest[] = [];
  const client: KubernetesClient = {
    server: "https://test",
    notices: [],
    async request(request) {
      requests.push(request);
      return answer();
    },
    [Symbol.dispose]: () => undefined,
  };
  return { client, requests };
}

function refusal(status: number, fields: object): () => Response {
  return () => Response.json({ kind: "Status", ...fields }, { status });
}

const patched = async (annotation: PodAnnotation): Promise<unknown> => {
  const { client, requests } = clientOf(() => Response.json({}));
  expect(await patchPodAnnotations(client, annotation, signal)).toEqual({ kind: "annotated" });
  const [{ path, method, contentType, body } = { path: "" }] = requests;
  expect([method, path, contentType]).toEqual([
    "PATCH",
    "/api/v1/namespaces/x/pods/a/status",
    "application/strategic-merge-patch+json",
  ]);
  return JSON.parse(body ?? "");
};

test("addresses and container are written as Calico writes them, to the pod of that UID", async () => {
  expect(await patched(given)).toEqual({
    metadata: {
      uid: "u1",
      annotations: {
        "cni.projectcalico.org/podIP": "10.0.0.2/32",
        "cni.projectcalico.org/podIPs": "10.0.0.2/32,fd00::2/128",
        "cni.projectcalico.org/containerID": "c1",
      },
    },
  });
  expect(await patched({ ...given, addresses: ADDRESSES.slice(1) })).toMatchObject({
    metadata: { annotations: { "cni.projectcalico.org/podIP": "fd00::2/128" } },
  });
});

test("a pod without addresses says so, and whose they were stays written", async () => {
  expect(await patched({ ...given, addresses: [] })).toEqual({
    metadata: {
      uid: "u1",
      annotations: { "cni.projectcalico.org/podIP": "", "cni.projectcalico.org/podIPs": "" },
    },
  });
});

const UID =
  'Operation cannot be fulfilled on pods "a": Precondition failed: UID in precondition: u1, UID in object meta: u2';
const IMMUTABLE = 'Pod "a" is invalid: metadata.uid: Invalid value: "u1": field is immutable';

test.each([
  ["a pod that is gone", refusal(404, { reason: "NotFound", message: 'pods "a" not found' })],
  ["another pod of the name", refusal(409, { reason: "Conflict", message: UID })],
  ["another pod of the name, as 1.20 has it", refusal(422, { reason: "Invalid", message: IMMUTABLE })],
])("%s is gone", async (_, answer) => {
  expect(await patchPodAnnotations(clientOf(answer).client, given, signal)).toEqual({ kind: "gone" });
});

test("a name that no pod has is asked nobody for", async () => {
  const { client, requests } = clientOf(() => Response.json({}));
  expect(await patchPodAnnotations(client, { ...given, pod: "../b" }, signal)).toEqual({ kind: "gone" });
  expect(requests).toEqual([]);
});

const FORBIDDEN =
  'pods "a" is forbidden: User "system:serviceaccount:kube-system:tortie" cannot patch resource "pods/status" in API group "" in the namespace "x"';

const DENIED =
  "pods \"a\" is forbidden: ValidatingAdmissionPolicy 'tortie' with binding 'tortie' denied request: not yours";

test.each([FORBIDDEN, 'User "x" cannot patch pods/status in the namespace "x"'])(
  "a missing right is told apart: %s",
  async (message) => {
    const { client } = clientOf(refusal(403, { reason: "Forbidden", message }));
    expect(await patchPodAnnotations(client, given, signal)).toEqual({
      kind: "notAllowed",
      because: expect.stringContaining("may not patch pods/status"),
      next: expect.stringContaining("grant it by RBAC"),
    });
  },
);

test.each([
  [
    refusal(403, { reason: "Forbidden", message: DENIED }),
    "ValidatingAdmissionPolicy 'tortie' with binding 'tortie' denied request: not yours (403 Forbidden)",
  ],
  [
    refusal(409, { reason: "Conflict", message: "the object has been modified" }),
    "the API server answered 409 Conflict: the object has been modified",
  ],
  [
    () => new Response("404 page not found", { status: 404 }),
    "the API server answered 404: 404 page not found",
  ],
  [refusal(500, {}), "the API server answered 500"],
  [
    () => {
      throw new ConnectionError("refused", { tried: "PATCH it", found: "nobody there", next: "start it" });
    },
    "PATCH it: nobody there",
  ],
])("a failure is a value", async (answer, because) => {
  expect(await patchPodAnnotations(clientOf(answer).client, given, signal)).toMatchObject({
    kind: "failed",
    because,
    next: expect.stringMatching(/./),
  });
});

test("so is having been given up", async () => {
  const { client } = clientOf(() => {
    throw new DOMException("The operation was aborted.", "AbortError");
  });
  expect(await patchPodAnnotations(client, given, AbortSignal.abort())).toEqual({
    kind: "failed",
    because: "it was given up before an answer came",
    next: "nothing",
  });
});

test("without a connection nothing is annotated", async () => {
  const { client } = clientOf(() => Response.json({}));
  const datastore = kubernetesDatastore({ open: async () => client, nodeName: "here" });
  expect(await datastore.annotate?.(given, signal)).toEqual({
    kind: "failed",
    because: "there is no connection to the API server yet",
    next: "nothing: tries go on",
  });
});
