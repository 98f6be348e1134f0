import { expect, test } from "bun:test";
import { problemText } from "../../model/problem.ts";
import { type ReadObject, readObject } from "./read-object.ts";
import { uidOrder } from "../../model/uid-order.ts";

interface PodFields {
  readonly metadata?: object;
  readonly spec?: unknown;
  readonly status?: unknown;
}

function read({ metadata, spec, status }: PodFields, nodeName?: string): ReadObject {
  const object = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "a", namespace: "x", ...metadata },
    spec,
    status,
  };
  return readObject(object, "f", { nodeName });
}

const problemsOf = (fields: PodFields): string[] => read(fields).problems.map(problemText);
const valueOf = (fields: PodFields, nodeName?: string): unknown => {
  const found = read(fields, nodeName);
  return found.kind === "endpoint" ? found.value : found.kind;
};
const annotated = (annotations: object): PodFields => ({ metadata: { annotations } });

test("a pod as the API serves it", () => {
  const fields = {
    metadata: { uid: "u1", labels: { app: "web", constructor: "c" } },
    spec: {
      nodeName: "here",
      containers: [{ ports: [{ name: "http", containerPort: 80 }, { containerPort: 81 }] }],
      initContainers: [{ ports: [{ name: "http", containerPort: 8080, protocol: "UDP" }] }],
    },
    status: {
      phase: "Running",
      podIP: "10.0.0.9",
      podIPs: [{ ip: "10.0.0.1" }, { ip: "FD00::0:1" }],
      startTime: "2024-01-31T12:00:00Z",
    },
  };
  expect(problemsOf(fields)).toEqual([]);
  expect(valueOf(fields, "here")).toEqual({
    id: "x/a",
    namespace: "x",
    uidOrder: uidOrder("u1"),
    uids: ["u1"],
    labels: { app: "web", constructor: "c" },
    addresses: ["10.0.0.1", "fd00::1"],
    ports: [
      { name: "http", protocol: 6, port: 80 },
      { name: "http", protocol: 17, port: 8080 },
    ],
    attachment: { kind: "interface", name: "cali456b416f2bf" },
    finished: false,
    deleting: false,
    startedAt: Date.UTC(2024, 0, 31, 12),
  });
  expect(valueOf(fields, "elsewhere")).toMatchObject({ attachment: undefined });
});

test("a pod on no node is local, and namespace default is filled in", () => {
  expect(valueOf({})).toMatchObject({ attachment: { kind: "interface" }, addresses: [], startedAt: 0 });
  const bare = readObject({ apiVersion: "v1", kind: "Pod", metadata: { name: "a", namespace: null } }, "");
  expect(bare).toMatchObject({ object: "Pod default/a", value: { id: "default/a" } });
});

const POD_IP = "cni.projectcalico.org/podIP";
const POD_IPS = "cni.projectcalico.org/podIPs";

test.each([
  ["podIPs before podIP", { status: { podIPs: [{ ip: "10.0.0.1" }], podIP: "10.0.0.2" } }, ["10.0.0.1"]],
  ["podIP where podIPs is empty", { status: { podIPs: [], podIP: "10.0.0.2" } }, ["10.0.0.2"]],
  [
    "status before annotations",
    { ...annotated({ [POD_IPS]: "10.0.0.3" }), status: { podIP: "10.0.0.2" } },
    ["10.0.0.2"],
  ],
  [
    "podIPs of Calico, each once",
    annotated({ [POD_IPS]: "10.0.0.3/32, fd00::3/128,10.0.0.3", [POD_IP]: "10.0.0.4" }),
    ["10.0.0.3", "fd00::3"],
  ],
  ["podIP of Calico", annotated({ [POD_IPS]: "", [POD_IP]: "10.0.0.4/32" }), ["10.0.0.4"]],
  ["zeros as the API server reads them", { status: { podIP: "010.0.0.010" } }, ["10.0.0.10"]],
  ["an IPv4-mapped address", { status: { podIP: "::ffff:10.0.0.1" } }, ["10.0.0.1"]],
])("addresses: %s", (_, fields, addresses) => {
  expect(problemsOf(fields)).toEqual([]);
  expect(valueOf(fields)).toMatchObject({ addresses });
});

test.each([
  ["Succeeded", { status: { phase: "Succeeded", podIP: "10.0.0.1" } }, { finished: true, addresses: [] }],
  ["Failed", { status: { phase: "Failed", podIP: "10.0.0.1" } }, { finished: true, addresses: [] }],
  [
    "being deleted and already without network",
    {
      metadata: { deletionTimestamp: "2024-01-31T12:00:00Z", annotations: { [POD_IP]: "" } },
      spec: { nodeName: "elsewhere" },
      status: { podIP: "10.0.0.1" },
    },
    { finished: true, deleting: true, addresses: [] },
  ],
  [
    "of this node, being deleted and already without network",
    {
      metadata: { deletionTimestamp: "2024-01-31T12:00:00Z", annotations: { [POD_IP]: "" } },
      spec: { nodeName: "here" },
      status: { phase: "Running", podIP: "10.0.0.1" },
    },
    { finished: true, finishedByAnnotation: true, deleting: true, addresses: [] },
  ],
  [
    "being deleted",
    { metadata: { deletionTimestamp: "2024-01-31T12:00:00Z" }, status: { podIP: "10.0.0.1" } },
    { finished: false, deleting: true, addresses: ["10.0.0.1"] },
  ],
  [
    "without network but not being deleted",
    annotated({ [POD_IP]: "" }),
    { finished: false, deleting: false },
  ],
])("a pod that is %s", (_, fields, expected) => {
  expect(valueOf(fields, "here")).toMatchObject(expected);
});

test("a pod in its node's network is no endpoint", () => {
  expect(read({ spec: { hostNetwork: true }, status: { podIP: "10.0.0.1" } })).toEqual({
    kind: "ignored",
    reason: "it uses its node's network: policies neither select it nor name it as a peer",
    object: "Pod x/a",
    problems: [],
  });
});

const CLOSED = "the pod is nobody's peer and its interface stays closed";
const ADDRESS = "expected an IPv4 or IPv6 address";
const PORT_NAME = "expected a port name (at most 15 lower-case letters, digits and -, at least one letter)";

test.each([
  [{ metadata: { labels: ["a"] } }, 'metadata.labels: expected an object (found ["a"])'],
  [{ metadata: { labels: { a: 1 } } }, "metadata.labels.a: expected text (found 1)"],
  [
    { metadata: { labels: { "-a": "b" } } },
    'metadata.labels["-a"]: expected a label key: an optional DNS prefix and a slash, then at most 63 letters, digits, -, _ and . (found "b")',
  ],
  [
    { metadata: { labels: { a: "b c" } } },
    'metadata.labels.a: expected a label value: at most 63 letters, digits, -, _ and ., beginning and ending with a letter or digit (found "b c")',
  ],
  [{ spec: [] }, "spec: expected an object (found [])"],
  [{ spec: { hostNetwork: "true" } }, 'spec.hostNetwork: expected true or false (found "true")'],
  [
    { metadata: { name: "A" } },
    'metadata.name: expected a DNS name: at most 253 lower-case letters, digits, - and . (found "A")',
  ],
])("%j makes the pod no endpoint", (fields, message) => {
  const found = read(fields);
  expect(found.kind).toBe("unreadable");
  expect(problemsOf(fields)).toEqual([`f (${found.object}), ${message}; ${CLOSED}`]);
});

test.each<[PodFields, string, object]>([
  [
    { status: { podIPs: [{ ip: "10.0.0.1" }, { ip: "10.0.0.256" }], podIP: "10.0.0.2" } },
    `status.podIPs[1].ip: ${ADDRESS} (found "10.0.0.256"); the pod is without this address`,
    { addresses: ["10.0.0.1"] },
  ],
  [
    { status: { podIPs: ["10.0.0.1"], podIP: "10.0.0.2" } },
    `status.podIPs[0]: ${ADDRESS} (found "10.0.0.1"); the pod is without this address`,
    { addresses: [] },
  ],
  [
    { status: { podIP: "10.1" } },
    `status.podIP: ${ADDRESS} (found "10.1"); the pod is without this address`,
    { addresses: [] },
  ],
  [
    annotated({ [POD_IPS]: "10.0.0.1/24,10.0.0.2" }),
    `metadata.annotations["${POD_IPS}"]: ${ADDRESS} (found "10.0.0.1/24"); the pod is without this address`,
    { addresses: ["10.0.0.2"] },
  ],
  [
    { ...annotated({ [POD_IPS]: "10.0.0.1" }), status: "x" },
    'status: expected an object (found "x"); the pod is without addresses',
    { addresses: [] },
  ],
  [
    { spec: { nodeName: 1 } },
    "spec.nodeName: expected text (found 1); the pod counts as one of another node",
    { attachment: undefined },
  ],
  [
    { spec: { containers: [{ ports: [{ name: "80", containerPort: 80 }] }] } },
    `spec.containers[0].ports[0].name: ${PORT_NAME} (found "80"); no rule reaches the pod by the name of this port`,
    { ports: [] },
  ],
  [
    { spec: { initContainers: [{ ports: [{ name: "http" }] }] } },
    "spec.initContainers[0].ports[0].containerPort: is required; no rule reaches the pod by the name of this port",
    { ports: [] },
  ],
  [
    { spec: { containers: {} } },
    "spec.containers: expected a list (found {}); no rule reaches the pod by the name of this port",
    { ports: [] },
  ],
  [
    { status: { startTime: "yesterday" } },
    'status.startTime: expected a time such as 2024-01-31T12:00:00Z (found "yesterday"); of two pods with one address this one loses',
    { startedAt: 0 },
  ],
])("%j: the rest of the pod counts", (fields, message, expected) => {
  expect(problemsOf(fields)).toEqual([`f (Pod x/a), ${message}`]);
  expect(valueOf(fields)).toMatchObject(expected);
});

test("names that differ only in where the dot stands, and long ones, have ids and interfaces of their own", () => {
  const names = ["a.b", "a-b", "a.b.c", "a".repeat(253)];
  const found = names.map(
    (name) => valueOf({ metadata: { name } }) as { id: string; attachment: { name: string } },
  );
  expect(new Set(found.map(({ id }) => id)).size).toBe(names.length);
  expect(new Set(found.map(({ attachment }) => attachment.name)).size).toBe(names.length);
  expect(valueOf({ metadata: { name: "a".repeat(254) } })).toBe("unreadable");
});

test.each([
  ["here", undefined, true],
  ["here", "nowhere", false],
  [undefined, "nowhere", false],
] as const)(
  "on node %j a pod without a node, said to be %j, is local: %j",
  (nodeName, podsWithoutNode, local) => {
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "a" }, spec: { nodeName: "" } };
    const found = readObject(pod, "f", { nodeName, podsWithoutNode });
    expect(found.kind === "endpoint" && found.value.attachment !== undefined).toBe(local);
  },
);

test("what a runtime may call a pod: its UID and, of a static pod, its hash; only of pods of this node", () => {
  const annotations = { "kubernetes.io/config.hash": "h1" };
  const uids = (fields: PodFields, nodeName: string): unknown =>
    (valueOf(fields, nodeName) as { readonly uids?: unknown }).uids;
  const here = { nodeName: "here" };
  expect(uids({ metadata: { uid: "u1" }, spec: here }, "here")).toEqual(["u1"]);
  expect(uids({ metadata: { uid: "u1", annotations }, spec: here }, "here")).toEqual(["u1", "h1"]);
  expect(uids({ metadata: { annotations }, spec: here }, "here")).toEqual(["h1"]);
  for (const unread of [{}, { uid: 7, annotations: { "kubernetes.io/config.hash": "" } }])
    expect(valueOf({ metadata: unread, spec: here }, "here")).not.toHaveProperty("uids");
  expect(valueOf({ metadata: { uid: "u1", annotations }, spec: here }, "there")).not.toHaveProperty("uids");
});
