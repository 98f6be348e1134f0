import { afterAll, beforeAll, expect, test } from "bun:test";
import type { PodAnnotation } from "../../adapters/datastore.ts";
import type { KubernetesClient } from "../../adapters/kubernetes/connection/client.ts";
import { patchPodAnnotations } from "../../adapters/kubernetes/pod-annotations.ts";
import type { Address } from "../../model/address.ts";
import { until } from "../agent/running-agent.ts";
import { agentToken } from "./agent-token.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { createNamespace, createNode, createPod, setPodStatus } from "./objects.ts";
import { clientOf } from "./who.ts";

const MANIFEST = new URL("../../deploy/manifests/tortie.yaml", import.meta.url).pathname;
const KUBELET = { user: "system:node:node-1", groups: ["system:nodes"] };
const STRATEGIC = "application/strategic-merge-patch+json";
const NOW = "2026-01-01T00:00:00Z";
/** As a kubelet writes it: nothing of it may look changed when it is read and written back. */
const RUNNING = {
  phase: "Running",
  observedGeneration: 1,
  hostIP: "192.0.2.7",
  hostIPs: [{ ip: "192.0.2.7" }],
  podIP: "10.65.0.9",
  podIPs: [{ ip: "10.65.0.9" }, { ip: "fd00:65::9" }],
  qosClass: "BestEffort",
  startTime: NOW,
  conditions: [
    {
      type: "PodScheduled",
      status: "True",
      observedGeneration: 1,
      lastProbeTime: null,
      lastTransitionTime: NOW,
    },
  ],
  containerStatuses: [
    {
      name: "main",
      ready: true,
      started: true,
      restartCount: 0,
      image: "none",
      imageID: "none@sha256:0",
      containerID: "containerd://c1",
      state: { running: { startedAt: NOW } },
      lastState: {},
      resources: {},
      user: { linux: { uid: 0, gid: 0, supplementalGroups: [0] } },
    },
  ],
};
const OWN = "cni.projectcalico.org/podIP";

let cluster: Cluster;
/** By who it is: the agents of two nodes, one without a node in its token, and a kubelet. */
const clients = new Map<string, KubernetesClient>();
const uids = new Map<string, string>();

const signal = (): AbortSignal => AbortSignal.timeout(10_000);

async function connect(who: string, token: string): Promise<void> {
  const caFile = cluster.identities.caFile;
  const environment = { K8S_API_ENDPOINT: cluster.server, K8S_CA_FILE: caFile, K8S_TOKEN: token };
  clients.set(who, await clientOf({ environment }));
}

function client(who: string): KubernetesClient {
  const found = clients.get(who);
  if (found === undefined) throw new Error(`nobody is called ${who}`);
  return found;
}

interface Answer {
  readonly status: number;
  readonly message: string;
}

/** What the server says to such a patch of a pod's status. */
async function patch(who: string, pod: string, body: unknown, contentType = STRATEGIC): Promise<Answer> {
  const path = `/api/v1/namespaces/shop/pods/${pod}/status`;
  const query = contentType.includes("apply") ? { fieldManager: "tortie" } : {};
  const text = JSON.stringify(body);
  const request = { path, query, method: "PATCH", contentType, body: text, signal: signal() } as const;
  const response = await client(who).request(request);
  const { message = "" } = (await response.json()) as { message?: string };
  return { status: response.status, message };
}

function annotate(who: string, pod: string, addresses: readonly string[]): Promise<unknown> {
  const [uid = "", containerId] = [uids.get(pod), "c1"];
  const annotation: PodAnnotation = {
    namespace: "shop",
    pod,
    uid,
    addresses: addresses as Address[],
    containerId,
  };
  return patchPodAnnotations(client(who), annotation, signal());
}

interface Pod {
  readonly metadata: {
    readonly uid: string;
    readonly resourceVersion: string;
    readonly annotations: Readonly<Record<string, string>>;
  };
}

async function podOf(name: string): Promise<Pod> {
  const text = await cluster.kubectl(["get", "pod", "--namespace=shop", name, "--output=json"]);
  return JSON.parse(text) as Pod;
}

const POLICY = "ValidatingAdmissionPolicy 'tortie' with binding 'tortie' denied request: tortie may";
const denied = (pod: string, why: string): Answer => ({
  status: 403,
  message: `pods "${pod}" is forbidden: ${POLICY} ${why}`,
});
const NOT_OWN_NODE = "write to pods of the node that its token is bound to, and this pod is not one of them";

beforeAll(async () => {
  cluster = await startCluster({ newest: true, people: [KUBELET] });
  await cluster.kubectl(["apply", "--filename", MANIFEST]);
  await cluster.kubectl([
    "create",
    "clusterrolebinding",
    "kubelets",
    "--clusterrole=system:node",
    "--group=system:nodes",
  ]);
  await createNamespace(cluster, "shop");
  for (const node of ["node-1", "node-2"]) {
    await createNode(cluster, node, ["10.65.0.0/24"]);
    await connect(node, await agentToken(cluster, node));
    const plan = { namespace: "shop", labels: { app: "web" }, addresses: ["10.65.0.9"] };
    await createPod(cluster, { ...plan, name: `on-${node}`, node });
    await setPodStatus(cluster, "shop", `on-${node}`, RUNNING);
    await cluster.kubectl(["annotate", "pod", "--namespace=shop", `on-${node}`, "kept=theirs"]);
    uids.set(`on-${node}`, (await podOf(`on-${node}`)).metadata.uid);
  }
  await connect("nowhere", await cluster.serviceAccountToken("kube-system", "tortie"));
  await connect("kubelet", cluster.identities.tokenOf(KUBELET.user));
  // A policy counts a moment after it was made.
  await until(async () => (await patch("nowhere", "on-node-1", {})).status === 403);
}, 60_000);
afterAll(async () => {
  for (const one of clients.values()) one[Symbol.dispose]();
  await cluster[Symbol.asyncDispose]();
});

test("the agent annotates a pod of its node, as a pod that came and as one that went", async () => {
  expect(await annotate("node-1", "on-node-1", ["10.65.0.9", "fd00:65::9"])).toEqual({ kind: "annotated" });
  expect((await podOf("on-node-1")).metadata.annotations).toEqual({
    kept: "theirs",
    [OWN]: "10.65.0.9/32",
    "cni.projectcalico.org/podIPs": "10.65.0.9/32,fd00:65::9/128",
    "cni.projectcalico.org/containerID": "c1",
  });
  expect(await annotate("node-1", "on-node-1", [])).toEqual({ kind: "annotated" });
  expect((await podOf("on-node-1")).metadata.annotations).toMatchObject({ kept: "theirs", [OWN]: "" });
});

test.each([
  ["of another node", "node-2"],
  ["without a node", "nowhere"],
])("an agent with a token %s is refused, and told why", async (_, who) => {
  const before = await podOf("on-node-1");
  expect(await annotate(who, "on-node-1", ["10.65.0.9"])).toEqual({
    kind: "failed",
    because: `${POLICY} ${NOT_OWN_NODE} (403 Forbidden)`,
    next: "see what the policy allows (kubectl get validatingadmissionpolicies)",
  });
  expect(await podOf("on-node-1")).toEqual(before);
});

const annotations =
  "change no annotations of a pod but cni.projectcalico.org/podIP, cni.projectcalico.org/podIPs, cni.projectcalico.org/containerID";
const not = (what: string): string => `change three annotations of a pod, not its ${what}`;

const OWN_AND_OTHER = { metadata: { annotations: { [OWN]: "10.65.0.9/32", other: "x" } } };

const OTHER_CHANGES: readonly (readonly [what: string, patch: object, why: string])[] = [
  ["a new annotation beside an own one", OWN_AND_OTHER, annotations],
  ["a new annotation", { metadata: { annotations: { other: "x" } } }, annotations],
  [
    "an annotation of the same prefix",
    { metadata: { annotations: { "cni.projectcalico.org/x": "" } } },
    annotations,
  ],
  ["somebody's annotation", { metadata: { annotations: { kept: "ours" } } }, annotations],
  ["somebody's annotation taken away", { metadata: { annotations: { kept: null } } }, annotations],
  ["a label", { metadata: { labels: { app: "database" } } }, not("labels and name")],
  ["a label taken away", { metadata: { labels: { app: null } } }, not("labels and name")],
  ["a finalizer", { metadata: { finalizers: ["tortie.test/x"] } }, not("finalizers and owners")],
  ["the prefix of its name", { metadata: { generateName: "other-" } }, not("labels and name")],
  ["the phase", { status: { phase: "Failed" } }, not("spec and status")],
  [
    "the address",
    { status: { podIP: "10.65.0.66", podIPs: [{ $patch: "replace" }, { ip: "10.65.0.66" }] } },
    not("spec and status"),
  ],
  ["a condition", { status: { conditions: [{ type: "Ready", status: "True" }] } }, not("spec and status")],
];

test.each(OTHER_CHANGES)("%s is refused", async (_, change, why) => {
  const before = await podOf("on-node-1");
  expect(await patch("node-1", "on-node-1", change)).toEqual(denied("on-node-1", why));
  expect(await podOf("on-node-1")).toEqual(before);
});

test("every kind of patch is judged alike", async () => {
  const label = [{ op: "replace", path: "/metadata/labels/app", value: "x" }];
  const applied = { apiVersion: "v1", kind: "Pod", metadata: { labels: { role: "x" } } };
  const expected = denied("on-node-1", not("labels and name"));
  for (const [contentType, body] of [
    ["application/json-patch+json", label],
    ["application/merge-patch+json", { metadata: { labels: { role: "x" } } }],
    ["application/apply-patch+yaml", applied],
  ] as const)
    expect([contentType, await patch("node-1", "on-node-1", body, contentType)]).toEqual([
      contentType,
      expected,
    ]);
});

test("no pod is made by its status", async () => {
  const applied = { apiVersion: "v1", kind: "Pod", metadata: { name: "none" }, spec: { nodeName: "node-1" } };
  const type = "application/apply-patch+yaml";
  expect(await patch("node-1", "none", applied, type)).toEqual({
    status: 404,
    message: 'pods "none" not found',
  });
});

test("owners are not taken from a status, and the record of who wrote what may be emptied: nothing else changes", async () => {
  const ownerReferences = [{ apiVersion: "v1", kind: "Node", name: "node-1", uid: "0f0f" }];
  const before = await podOf("on-node-1");
  const emptied = { metadata: { ownerReferences, managedFields: [{}] } };
  expect(await patch("node-1", "on-node-1", emptied)).toEqual({ status: 200, message: "" });
  const after = await podOf("on-node-1");
  const { resourceVersion } = after.metadata;
  expect(after).toEqual({ ...before, metadata: { ...before.metadata, resourceVersion } });
});

test("an own annotation may be taken away", async () => {
  const gone = { metadata: { annotations: { [OWN]: null } } };
  expect(await patch("node-1", "on-node-1", gone)).toEqual({ status: 200, message: "" });
  expect((await podOf("on-node-1")).metadata.annotations).not.toHaveProperty([OWN]);
});

test("what is no patch of a pod's status is not even judged: the account has no right to it", async () => {
  const path = "/api/v1/namespaces/shop/pods/on-node-1";
  const user = 'User "system:serviceaccount:kube-system:tortie" cannot';
  for (const [method, where, refused] of [
    ["PATCH", "", 'patch resource "pods"'],
    ["POST", "/eviction", 'create resource "pods/eviction"'],
    ["PATCH", "/ephemeralcontainers", 'patch resource "pods/ephemeralcontainers"'],
  ] as const) {
    const request = { path: `${path}${where}`, method, contentType: STRATEGIC, body: "{}", signal: signal() };
    const response = await client("node-1").request(request);
    const { message } = (await response.json()) as { message: string };
    expect([response.status, message]).toEqual([403, expect.stringContaining(`${user} ${refused}`)]);
  }
});

test("a kubelet is not judged", async () => {
  const change = {
    metadata: { annotations: { other: "x" } },
    status: { phase: "Failed", podIP: "10.65.0.10" },
  };
  expect(await patch("kubelet", "on-node-2", change)).toEqual({ status: 200, message: "" });
});
