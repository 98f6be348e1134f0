import type { ApiObject } from "../../test/api-server/store.ts";

/** How large the cluster is. */
export interface ClusterSize {
  readonly pods: number;
  readonly namespaces: number;
  readonly policies: number;
  /** Pods of the node under test, spread over the namespaces. */
  readonly local: number;
}

export const NODE = "node-under-test";
const TEAMS = 20;
const PODS_PER_NODE = 110;
const REPLICAS = 3;
const APPS = 5;
const TIMES = "2026-01-01T00:00:00Z";

function uid(index: number): string {
  // As random as uids are: nothing that looks alike may be cheap by chance.
  const digits = new Bun.CryptoHasher("sha1").update(String(index)).digest("hex");
  return digits.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function namespaceName(index: number): string {
  return `namespace-${index}`;
}

function namespaceObject(index: number): ApiObject {
  const name = namespaceName(index);
  const labels = { "kubernetes.io/metadata.name": name, team: `team-${index % TEAMS}` };
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels }, status: { phase: "Active" } };
}

function nodeObject(): ApiObject {
  const spec = { podCIDR: "10.0.0.0/24", podCIDRs: ["10.0.0.0/24"] };
  return { apiVersion: "v1", kind: "Node", metadata: { name: NODE }, spec };
}

/** Ingress from one app of one team's namespaces, for one app of its own. */
function policyObject(index: number, { namespaces, policies }: ClusterSize): ApiObject {
  const step = Math.max(1, Math.floor(namespaces / policies));
  const metadata = { name: `from-team-${index}`, namespace: namespaceName((index * step) % namespaces) };
  const namespaceSelector = { matchLabels: { team: `team-${index % TEAMS}` } };
  const podSelector = { matchLabels: { app: `app-${index % APPS}` } };
  const ingress = [
    { from: [{ namespaceSelector, podSelector }], ports: [{ port: 80 }, { port: "http", protocol: "TCP" }] },
  ];
  const spec = { podSelector: {}, policyTypes: ["Ingress"], ingress };
  return { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata, spec };
}

function managedFields(app: string): unknown {
  const ports = { ".": {}, "f:containerPort": {}, "f:name": {}, "f:protocol": {} };
  const container = { ".": {}, "f:image": {}, "f:name": {}, "f:ports": { ".": {}, "k:{8080}": ports } };
  const labels = { ".": {}, "f:app": {}, "f:pod-template-hash": {} };
  return [
    {
      manager: "kube-controller-manager",
      operation: "Update",
      apiVersion: "v1",
      time: TIMES,
      fieldsType: "FieldsV1",
      fieldsV1: {
        "f:metadata": { "f:generateName": {}, "f:labels": labels, "f:ownerReferences": { ".": {} } },
        "f:spec": { "f:containers": { [`k:{"name":"${app}"}`]: container }, "f:dnsPolicy": {} },
      },
    },
  ];
}

function podSpec(app: string, nodeName: string): unknown {
  const token = { serviceAccountToken: { expirationSeconds: 3607, path: "token" } };
  const root = { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } };
  const resources = { limits: { cpu: "500m", memory: "128Mi" }, requests: { cpu: "100m", memory: "64Mi" } };
  const tolerations = ["not-ready", "unreachable"].map((what) => ({
    key: `node.kubernetes.io/${what}`,
    operator: "Exists",
    effect: "NoExecute",
    tolerationSeconds: 300,
  }));
  const container = {
    name: app,
    image: `registry.example/${app}:1.2.3`,
    ports: [{ name: "http", containerPort: 8080, protocol: "TCP" }],
    env: ["LOG_LEVEL", "LISTEN", "UPSTREAM"].map((name) => ({ name, value: `value of ${name}` })),
    resources,
    volumeMounts: [{ name: "api-access", readOnly: true, mountPath: "/var/run/secrets" }],
    terminationMessagePath: "/dev/termination-log",
    imagePullPolicy: "IfNotPresent",
  };
  return {
    volumes: [{ name: "api-access", projected: { sources: [token, root], defaultMode: 420 } }],
    containers: [container],
    restartPolicy: "Always",
    dnsPolicy: "ClusterFirst",
    serviceAccountName: "default",
    nodeName,
    hostNetwork: false,
    schedulerName: "default-scheduler",
    tolerations,
  };
}

function podStatus(app: string, address: string): unknown {
  const digest = "0123456789abcdef".repeat(4);
  const state = {
    name: app,
    state: { running: { startedAt: TIMES } },
    ready: true,
    restartCount: 0,
    image: `registry.example/${app}:1.2.3`,
    imageID: `registry.example/${app}@sha256:${digest}`,
    containerID: `containerd://${digest}`,
  };
  const conditions = ["Initialized", "Ready", "ContainersReady", "PodScheduled"].map((type) => ({
    type,
    status: "True",
    lastTransitionTime: TIMES,
  }));
  return {
    phase: "Running",
    conditions,
    hostIP: "192.0.2.1",
    podIP: address,
    podIPs: [{ ip: address }],
    startTime: TIMES,
    containerStatuses: [state],
    qosClass: "Burstable",
  };
}

/** A pod of about 3 kB, of a Deployment with three replicas in one namespace, on nodes of 110 pods. */
function podObject(index: number, { namespaces, local, pods }: ClusterSize): ApiObject {
  const deployment = Math.floor(index / REPLICAS);
  const app = `app-${Math.floor(deployment / namespaces) % APPS}`;
  const hash = (0x5f3759df ^ deployment).toString(16).padStart(10, "7");
  const stride = Math.floor(pods / local);
  const isLocal = index % stride === 0 && index / stride < local;
  const nodeName = isLocal ? NODE : `node-${Math.floor(index / PODS_PER_NODE)}`;
  // 10.0.0.0/24 is the node's own.
  const at = isLocal ? index / stride + 1 : index + 256;
  const address = `10.${(at >> 16) & 255}.${(at >> 8) & 255}.${at & 255}`;
  const tier = ["front", "back", "data"][deployment % 3] ?? "";
  const labels = { app, "pod-template-hash": hash, tier, version: `v${deployment % 7}` };
  const owner = {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    name: `${app}-${hash}`,
    uid: uid(deployment + 1e9),
  };
  const metadata = {
    name: `${app}-${hash}-${index.toString(36).padStart(5, "0")}`,
    generateName: `${app}-${hash}-`,
    namespace: namespaceName(deployment % namespaces),
    uid: uid(index),
    creationTimestamp: TIMES,
    labels,
    ownerReferences: [{ ...owner, controller: true, blockOwnerDeletion: true }],
    managedFields: managedFields(app),
  };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata,
    spec: podSpec(app, nodeName),
    status: podStatus(app, address),
  };
}

/** Everything of a cluster of that size, one by one. */
export function* clusterObjects(size: ClusterSize): Iterable<ApiObject> {
  yield nodeObject();
  for (let index = 0; index < size.namespaces; index++) yield namespaceObject(index);
  for (let index = 0; index < size.policies; index++) yield policyObject(index, size);
  for (let index = 0; index < size.pods; index++) yield podObject(index, size);
}
