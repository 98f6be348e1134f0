import { expect, test } from "bun:test";
import { problemText } from "../../../model/problem.ts";
import type { DatastoreEvent } from "../../datastore.ts";
import { createModelReader, type ModelReader } from "./model-reader.ts";
import type { ResourceName } from "./object-store.ts";
import { createSharing } from "./sharing.ts";
import { namespaceItem, nodeItem, podItem, policyItem } from "./to-model.ts";

const context = { nodeName: "here", sharing: createSharing() };
const named = (name: string, namespace?: string, more: object = {}) => ({
  metadata: { name, ...(namespace !== undefined && { namespace }), resourceVersion: "1", ...more },
});
const podOf = (name: string, namespace: string, more: object = {}) =>
  podItem({ apiVersion: "v1", kind: "Pod", ...named(name, namespace, more) }, context);
const namespaceOf = (name: string, more: object = {}) =>
  namespaceItem({ apiVersion: "v1", kind: "Namespace", ...named(name, undefined, more) }, context);
const nodeOf = (name: string, podCIDRs: readonly string[] = ["10.244.1.0/24"], resourceVersion = "1") =>
  nodeItem(
    { apiVersion: "v1", kind: "Node", ...named(name, undefined, { resourceVersion }), spec: { podCIDRs } },
    context,
  );
const policyOf = (name: string, namespace: string, spec: unknown) =>
  policyItem(
    { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", ...named(name, namespace), spec },
    context,
  );

const ALL: ResourceName[] = ["pods", "namespaces", "networkpolicies", "nodes"];
const trouble = (because: string) =>
  ({ kind: "trouble", since: new Date(0), because, next: "mend it" }) as const;
const well = { kind: "well" } as const;

interface Reader extends ModelReader {
  /** Lists nothing of these, to the end. */
  empty(...names: readonly ResourceName[]): DatastoreEvent[];
}

function readerOf(notices: string[] = []): Reader {
  const client = { server: "https://test", notices };
  const reader = createModelReader({ resources: ALL, nodeName: "here", client });
  reader.begin();
  return {
    ...reader,
    empty: (...names) =>
      names.flatMap((name) => [
        ...reader.take(name, { kind: "listing" }),
        ...reader.take(name, { kind: "listed", version: "1" }),
      ]),
  };
}

const kinds = (events: readonly DatastoreEvent[]): string[] => events.map(({ kind }) => kind);
const isSynced = (events: readonly DatastoreEvent[]): boolean => kinds(events).includes("inSync");
const updatesIn = (events: readonly DatastoreEvent[]) =>
  events.flatMap((event) => (event.kind === "updates" ? event.updates : []));

test("before anything came it says what it waits for", () => {
  const client = { server: "https://test", notices: ["unsafe"] };
  expect(createModelReader({ resources: ALL, nodeName: "here", client }).begin()).toEqual([
    {
      kind: "status",
      status: {
        kind: "waiting",
        for: "the first list of pods, namespaces, networkpolicies, nodes from https://test",
        next: "nothing: it is on its way",
        causes: [],
      },
    },
    { kind: "conditions", conditions: [{ kind: "notice", text: "unsafe" }] },
  ]);
});

test.each(ALL)("nothing is in sync while only %s is missing (policy-bugs 23)", (last) => {
  const reader = readerOf();
  reader.take("nodes", { kind: "items", items: [nodeOf("here")] });
  const early = ALL.filter((name) => name !== last).flatMap((name) =>
    name === "nodes" ? reader.take("nodes", { kind: "listed", version: "1" }) : reader.empty(name),
  );
  expect(isSynced(early)).toBe(false);
  const end = last === "nodes" ? reader.take("nodes", { kind: "listed", version: "1" }) : reader.empty(last);
  expect(kinds(end).slice(-2)).toEqual(["status", "inSync"]);
});

/** In sync, with this machine's node and one pod. */
function syncedReader(notices?: string[]): Reader {
  const reader = readerOf(notices);
  reader.empty("namespaces", "networkpolicies");
  reader.take("nodes", { kind: "items", items: [nodeOf("here")] });
  reader.take("nodes", { kind: "listed", version: "1" });
  reader.take("pods", { kind: "items", items: [podOf("a", "x")] });
  const end = reader.take("pods", { kind: "listed", version: "1" });
  expect(kinds(end)).toEqual(["updates", "status", "inSync"]);
  expect(updatesIn(end)).toMatchObject([{ kind: "namespace", name: "x", value: { name: "x" } }]);
  return reader;
}

test("what came in one read is one event, and what changes nothing is none", () => {
  const reader = syncedReader();
  const changes = [
    { item: podOf("b", "x", { resourceVersion: "2" }), gone: false },
    { item: podOf("a", "x", { resourceVersion: "3" }), gone: true },
  ];
  const events = reader.take("pods", { kind: "changes", changes, noticedAt: 123 });
  expect(events).toMatchObject([
    { kind: "updates", noticedAt: 123, updates: [{ id: "x/b" }, { id: "x/a" }] },
  ]);
  expect(reader.take("pods", { kind: "changes", changes, noticedAt: 124 })).toEqual([]);
});

test("a namespace, its annotation and its end", () => {
  const reader = syncedReader();
  const annotations = { "net.beta.kubernetes.io/network-policy": '{"ingress":{"isolation":"DefaultDeny"}}' };
  const change = (item: ReturnType<typeof namespaceOf>, gone = false) =>
    updatesIn(reader.take("namespaces", { kind: "changes", changes: [{ item, gone }], noticedAt: 0 }));
  expect(change(namespaceOf("x", { annotations }))).toMatchObject([
    { kind: "namespace", name: "x" },
    { kind: "policy", id: "DefaultDeny/x/annotation", value: { directions: ["ingress"] } },
  ]);
  expect(change(namespaceOf("x", { annotations, labels: { a: "b" } }))).toMatchObject([
    { kind: "namespace", value: { labels: { a: "b" } } },
  ]);
  expect(change(namespaceOf("x", { labels: { a: "b" } }))).toEqual([
    { kind: "policy", id: "DefaultDeny/x/annotation" as never, value: undefined },
  ]);
  // Its pods are told by another watch: while one is left, so is the namespace, by its name.
  expect(change(namespaceOf("x"), true)).toMatchObject([
    { kind: "namespace", name: "x", value: undefined },
    { kind: "namespace", name: "x", value: { labels: { "kubernetes.io/metadata.name": "x" } } },
  ]);
});

test("a policy that cannot be read is replaced by one that can, and the problem ends", () => {
  const reader = syncedReader();
  const change = (spec: unknown) =>
    reader.take("networkpolicies", {
      kind: "changes",
      changes: [{ item: policyOf("p", "x", spec), gone: false }],
      noticedAt: 0,
    });
  const bad = change([]);
  expect(kinds(bad)).toEqual(["updates", "problems"]);
  const told = bad.flatMap((event) => (event.kind === "problems" ? event.problems.map(problemText) : []));
  expect(told).toEqual([
    "NetworkPolicy x/p, spec: expected an object (found []); this policy isolates all pods of its namespace in both directions and allows nothing",
  ]);
  expect(change([])).toEqual([]);
  expect(change({})).toMatchObject([{ kind: "updates" }, { kind: "problems", problems: [] }]);
});

test("trouble makes it stale, and what is known stays", () => {
  const reader = syncedReader();
  const status = (because: string) => [
    {
      kind: "status",
      status: { kind: "stale", since: new Date(0), because, next: "mend it", causes: ["refused"] },
    },
  ];
  expect(reader.take("pods", trouble("refused"))).toEqual(status("pods: refused") as DatastoreEvent[]);
  expect(reader.take("pods", trouble("refused"))).toEqual([]);
  expect(reader.take("nodes", trouble("refused"))).toEqual(
    status("pods, nodes: refused") as DatastoreEvent[],
  );
  expect(reader.take("pods", well)).toEqual(status("nodes: refused") as DatastoreEvent[]);
  expect(reader.take("nodes", well)).toEqual([{ kind: "status", status: { kind: "connected" } }]);
});

test("trouble before the first list says what is missing and why", () => {
  const reader = readerOf();
  reader.empty("namespaces", "networkpolicies", "nodes");
  expect(reader.take("pods", trouble("may not list pods"))).toMatchObject([
    {
      kind: "status",
      status: { for: "the first list of pods from https://test (pods: may not list pods)", next: "mend it" },
    },
  ]);
});

const NO_NODE =
  'the cluster has no node "here"; next: set NODENAME to what kubectl get nodes calls this machine';

test("a node that the cluster does not have: nothing is in sync until it comes", () => {
  const reader = readerOf(["unsafe"]);
  const events = reader.empty(...ALL);
  expect(isSynced(events)).toBe(false);
  expect(events.slice(-2)).toMatchObject([
    { kind: "status", status: { kind: "waiting", for: 'node "here", which the cluster does not have' } },
    {
      kind: "conditions",
      conditions: [
        { kind: "failure", text: NO_NODE },
        { kind: "notice", text: "unsafe" },
      ],
    },
  ]);
  const changes = [{ item: nodeOf("here"), gone: false }];
  const came = reader.take("nodes", { kind: "changes", changes, noticedAt: 0 });
  expect(kinds(came)).toEqual(["updates", "status", "conditions", "inSync"]);
});

test("a node that goes later fails readiness, and its ranges stay closed until it has others", () => {
  const reader = syncedReader();
  const change = (item: ReturnType<typeof nodeOf>, gone: boolean) =>
    reader.take("nodes", { kind: "changes", changes: [{ item, gone }], noticedAt: 0 });
  expect(change(nodeOf("here"), true)).toEqual([
    { kind: "conditions", conditions: [{ kind: "failure", text: NO_NODE }] },
  ]);
  expect(change(nodeOf("here", [], "2"), false)).toEqual([{ kind: "conditions", conditions: [] }]);
  expect(updatesIn(change(nodeOf("here", ["10.244.9.0/24"], "3"), false))).toMatchObject([
    { kind: "node", name: "here", value: { podCidrs: ["10.244.9.0/24"] } },
  ]);
});

test("a node without ranges is told, and does no harm", () => {
  const reader = readerOf();
  const items = [nodeOf("here", [])];
  const [condition] = reader
    .take("nodes", { kind: "items", items })
    .flatMap((event) => (event.kind === "conditions" ? event.conditions : []));
  expect(condition).toEqual({
    kind: "notice",
    text: 'node "here" has no ranges for its pods (spec.podCIDRs): addresses that no pod has are not closed; next: nothing where the CNI plugin has ranges of its own, else --allocate-node-cidrs=true for the controller manager',
  });
});

test("notices that change are told with whatever comes next", () => {
  const notices: string[] = [];
  const reader = syncedReader(notices);
  notices.push("the certificate expires tomorrow");
  expect(reader.take("pods", well)).toEqual([
    { kind: "conditions", conditions: [{ kind: "notice", text: "the certificate expires tomorrow" }] },
  ]);
});
