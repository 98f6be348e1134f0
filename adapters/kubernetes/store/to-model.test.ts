import { expect, test } from "bun:test";
import { problemText } from "../../../model/problem.ts";
import { createSharing } from "./sharing.ts";
import { namespaceItem, nodeItem, podItem, policyItem } from "./to-model.ts";
import { uidOrder } from "../../../model/uid-order.ts";

const context = () => ({ nodeName: "here", sharing: createSharing() });

function pod(name: string, more: { metadata?: object; spec?: object; status?: object } = {}): unknown {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "x", uid: `uid-${name}`, resourceVersion: "77", ...more.metadata },
    spec: { nodeName: "there", containers: [], ...more.spec },
    status: {
      phase: "Running",
      startTime: "2026-01-31T12:00:00Z",
      podIPs: [{ ip: "10.0.0.1" }],
      ...more.status,
    },
  };
}

test("a pod of another node: what policies need, and nothing else of it", () => {
  const raw = pod("a", {
    metadata: { labels: { app: "web" }, annotations: { note: "long" }, managedFields: [{}] },
    spec: { containers: [{ image: "i", ports: [{ name: "http", containerPort: 80 }] }], volumes: [{}] },
    status: { podIPs: [{ ip: "10.0.0.1" }, { ip: "fd00:0::1" }] },
  });
  expect(podItem(raw, context())).toEqual({
    key: "x/a",
    version: 77,
    value: {
      id: "x/a" as never,
      namespace: "x",
      uidOrder: uidOrder("uid-a"),
      labels: { app: "web" },
      addresses: ["10.0.0.1", "fd00::1"] as never[],
      ports: [{ name: "http", protocol: 6, port: 80 }],
      attachment: undefined,
      finished: false,
      deleting: false,
      startedAt: Date.UTC(2026, 0, 31, 12),
    },
    problems: [],
  });
});

test("only a pod that runs here has an interface; one that waits for a node runs nowhere", () => {
  const metadata = { namespace: "default" };
  const at = (nodeName: unknown) =>
    podItem(pod("nginx", { metadata, spec: { nodeName } }), context()).value?.attachment;
  expect(at("here")).toEqual({ kind: "interface", name: "calic440f455693" as never });
  expect([at("there"), at(""), at(undefined), at(null)]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test("pods alike share what is alike", () => {
  const shared = context();
  const [a, b] = ["a", "b"].map((name) =>
    podItem(pod(name, { metadata: { labels: { app: "web" } } }), shared),
  );
  expect(b?.value?.labels).toBe(a!.value!.labels);
  expect(b?.value?.ports).toBe(a!.value!.ports);
  const [c, d] = ["c", "d"].map((name) => podItem(pod(name, { status: { podIPs: [] } }), shared));
  expect(d?.value?.addresses).toBe(c!.value!.addresses);
});

test("the annotations of the CNI plugin count while the status has no address", () => {
  const annotations = { "cni.projectcalico.org/podIPs": "10.0.0.9/32,fd00::9/128" };
  const raw = pod("a", { metadata: { annotations }, status: { podIPs: [], podIP: "" } });
  expect(podItem(raw, context()).value?.addresses.map(String)).toEqual(["10.0.0.9", "fd00::9"]);
});

test("pods that came although they were not asked for", () => {
  const host = podItem(pod("a", { spec: { hostNetwork: true } }), context());
  expect(host).toEqual({ key: "x/a", version: 77, value: undefined, problems: [] });
  const done = podItem(pod("a", { status: { phase: "Succeeded" } }), context());
  expect(done.value).toMatchObject({ finished: true, addresses: [] });
});

test("what cannot be read is closed and told", () => {
  const found = podItem(pod("a", { metadata: { labels: { app: 7 } } }), context());
  expect(found).toMatchObject({ key: "x/a", value: undefined });
  expect(found.problems.map(problemText)).toEqual([
    "Pod x/a, metadata.labels.app: expected text (found 7); the pod is nobody's peer and its interface stays closed",
  ]);
  const policy = policyItem(
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "p", namespace: "x", resourceVersion: "5" },
      spec: { podSelector: {}, future: true },
    },
    context(),
  );
  expect(policy).toMatchObject({ key: "x/p", version: 5, value: { directions: ["ingress", "egress"] } });
  expect(policy.problems.map(problemText)).toEqual([
    "NetworkPolicy x/p, spec.future: unknown field, known are podSelector, policyTypes, ingress, egress (found true); this policy isolates both directions",
  ]);
});

test.each([[null], [7], [[]], [{}], [{ metadata: [] }], [{ metadata: { name: 7 } }]])(
  "%j is no object that is known",
  (raw: unknown) => {
    const [one, again] = [podItem(raw, context()), podItem(raw, context())];
    expect(one.value).toBeUndefined();
    expect(one.key).toStartWith("(nameless ");
    expect(again.key).toBe(one.key);
    expect(one.version).toBe("");
    expect(one.problems).not.toEqual([]);
  },
);

test("a namespace, and what its annotation isolates", () => {
  const annotations = { "net.beta.kubernetes.io/network-policy": '{"ingress":{"isolation":"DefaultDeny"}}' };
  const metadata = { name: "x", resourceVersion: "3", labels: { team: "red" }, annotations };
  const found = namespaceItem({ apiVersion: "v1", kind: "Namespace", metadata }, context());
  expect(found).toMatchObject({
    key: "x",
    version: 3,
    value: {
      namespace: { name: "x", labels: { team: "red", "kubernetes.io/metadata.name": "x" } },
      isolation: { id: "DefaultDeny/x/annotation", directions: ["ingress"] },
    },
  });
});

test("this machine's node, and an object of a kind that nobody asked for", () => {
  const node = {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: "here" },
    spec: { podCIDRs: ["10.0.1.0/24"] },
  };
  expect(nodeItem(node, context())).toMatchObject({ key: "here", value: { podCidrs: ["10.0.1.0/24"] } });
  expect(nodeItem({ ...node, metadata: { name: "there" } }, context()).value).toBeUndefined();
  const odd = podItem(node, context());
  expect(odd.value).toBeUndefined();
  expect(odd.problems.map(problemText)).toEqual([
    "Node here, kind: the API server listed it among pods; it is not read",
  ]);
});

test("only pods of this node carry what a runtime calls them, and equal ones are equal", () => {
  const annotations = { "kubernetes.io/config.hash": "h1" };
  const at = (nodeName: string) =>
    podItem(pod("a", { metadata: { annotations }, spec: { nodeName } }), context()).value!;
  expect(at("here").uids).toEqual(["uid-a", "h1"]);
  expect(at("there")).not.toHaveProperty("uids");
  expect(Bun.deepEquals(at("here"), at("here"), true)).toBe(true);
});
