import { expect, test } from "bun:test";
import { problemText } from "../../model/problem.ts";
import { collectObjects } from "./collect.ts";
import { childPath, describe, pathKeys } from "./defect.ts";
import { expandList } from "./expand-list.ts";
import { readObject } from "./read-object.ts";

const KNOWN = "Namespace, Node or Pod (v1), NetworkPolicy (networking.k8s.io/v1) or a List of these";
const namespaceObject = (metadata: unknown): unknown => ({ apiVersion: "v1", kind: "Namespace", metadata });

test("a namespace has the label of its name, whatever was written", () => {
  expect(readObject(namespaceObject({ name: "x", labels: { team: "red" } }), "f")).toEqual({
    kind: "namespace",
    object: "Namespace x",
    value: { name: "x", labels: { team: "red", "kubernetes.io/metadata.name": "x" } },
    problems: [],
  });
  const forged = readObject(
    namespaceObject({ name: "x", labels: { "kubernetes.io/metadata.name": "y" } }),
    "f",
  );
  expect(forged).toMatchObject({ value: { labels: { "kubernetes.io/metadata.name": "x" } } });
  expect(forged.problems.map(problemText)).toEqual([
    'f (Namespace x), metadata.labels["kubernetes.io/metadata.name"]: this label is always the namespace\'s own name (found "y"); it counts as "x"',
  ]);
});

test("a namespace whose labels cannot be read is matched by no selector", () => {
  const found = readObject(namespaceObject({ name: "x", labels: { team: true } }), "f");
  expect(found).toMatchObject({
    value: { name: "x", labels: { "kubernetes.io/metadata.name": "x" }, unreadable: true },
  });
  expect(found.problems.map(problemText)).toEqual([
    "f (Namespace x), metadata.labels.team: expected text (found true); no namespaceSelector matches this namespace",
  ]);
});

test("a namespace whose name cannot be read is not known", () => {
  const found = readObject(namespaceObject({ name: "a.b" }), "f");
  expect(found.kind).toBe("unreadable");
  expect(found.problems.map(problemText)).toEqual([
    'f (Namespace a.b), metadata.name: expected a DNS label: at most 63 lower-case letters, digits and - (found "a.b"); this namespace is not known',
  ]);
});

test.each([
  [
    { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "a" } },
    `f (Deployment default/a), kind: unknown kind, expected ${KNOWN} (found apps/v1 Deployment); it is not read`,
  ],
  [
    { apiVersion: "v2", kind: "Pod", metadata: { name: "a" } },
    `f (Pod default/a), kind: unknown kind, expected ${KNOWN} (found v2 Pod); it is not read`,
  ],
  [
    { kind: "Pod", metadata: { name: "a" } },
    `f (Pod default/a), kind: unknown kind, expected ${KNOWN} (found Pod); it is not read`,
  ],
  [{}, `f, kind: unknown kind, expected ${KNOWN}; it is not read`],
  [[1], `f: expected an object: ${KNOWN} (found [1]); it is not read`],
  ["text", `f: expected an object: ${KNOWN} (found "text"); it is not read`],
  [null, `f: expected an object: ${KNOWN} (found null); it is not read`],
])("%j is reported and not read", (value, message) => {
  const found = readObject(value, "f");
  expect(found.kind).toBe("unreadable");
  expect(found.problems.map(problemText)).toEqual([message]);
});

test.each([
  ["extensions/v1beta1", "NetworkPolicy"],
  ["networking.k8s.io/v2", "NetworkPolicy"],
  ["projectcalico.org/v3", "NetworkPolicy"],
  ["networking.k8s.io/v1", "networkpolicy"],
])("%s %s is not known, and closes its namespace", (apiVersion, kind) => {
  const found = readObject({ apiVersion, kind, metadata: { name: "web", namespace: "x" } }, "f");
  expect(found).toMatchObject({
    kind: "policy",
    value: { directions: ["ingress", "egress"], ingress: [], egress: [] },
  });
  expect(found.problems.map(problemText)).toEqual([
    `f (${apiVersion} ${kind} x/web), kind: unknown kind, expected ${KNOWN} (found ${apiVersion} ${kind}); this policy isolates all pods of its namespace in both directions and allows nothing`,
  ]);
});

test("lists are opened, typed ones lend their kind, and lists in lists too", () => {
  const pod = { metadata: { name: "a" } };
  const typed = { apiVersion: "v1", kind: "PodList", items: [pod] };
  const { objects, defects } = expandList({
    apiVersion: "v1",
    kind: "List",
    items: [typed, namespaceObject({ name: "x" }), null],
  });
  expect(defects).toEqual([]);
  expect(objects).toEqual([
    { path: "items[0].items[0]", value: { apiVersion: "v1", kind: "Pod", ...pod } },
    { path: "items[1]", value: namespaceObject({ name: "x" }) },
    { path: "items[2]", value: null },
  ]);
  expect(expandList({ kind: "List", items: null })).toEqual({ objects: [], defects: [] });
  expect(expandList({ kind: "List", items: {} }).defects).toEqual([
    { path: "items", value: "{}", message: "expected a list", consequence: "nothing in this list is read" },
  ]);
});

test("of two objects with one name the later counts, whatever became of the earlier", () => {
  const pod = (labels: unknown): unknown => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "a", labels },
  });
  const place = (value: unknown, where: string) => ({ where, read: readObject(value, where) });
  const { state, problems } = collectObjects([
    place(pod({ v: "1" }), "first"),
    place(pod({ v: "2" }), "second"),
  ]);
  expect([...state.endpoints.values()]).toMatchObject([{ labels: { v: "2" } }]);
  expect(problems.map(problemText)).toEqual([
    "first (Pod default/a): the same object is in second again; the later one counts",
  ]);
  expect(collectObjects([place(pod({}), "first"), place(pod({ v: 2 }), "second")]).state.endpoints.size).toBe(
    0,
  );
});

test("paths can be read back", () => {
  const keys = ["spec", "ingress", 0, "a.b/c", 'with "quotes"]', 12];
  const path = keys.reduce<string>((text, key) => childPath(text, key), "");
  expect(path).toBe('spec.ingress[0]["a.b/c"]["with \\"quotes\\"]"][12]');
  expect(pathKeys(path)).toEqual(keys);
});

test("values are shown in one short line", () => {
  expect(describe({ text: "x\n".repeat(100) })).toHaveLength(80);
  expect([undefined, null, "a", 1].map(describe)).toEqual(["", "null", '"a"', "1"]);
});
