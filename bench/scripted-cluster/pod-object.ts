import type { ApiObject } from "../../test/api-server/store.ts";

/** What differs between two pods. */
export interface PodPlan {
  /** Every pod has another, one that comes by an old name too. */
  readonly number: number;
  readonly deployment: number;
  readonly namespace: string;
  readonly name: string;
  readonly app: string;
  readonly version: string;
  /** Empty: no node was chosen yet. */
  readonly node: string;
  /** Empty: it has none yet. */
  readonly address: string;
  readonly phase: "Pending" | "Running" | "Succeeded";
  /** Of what policies do not read. */
  readonly restarts: number;
}

const TIMES = "2026-01-01T00:00:00Z";
const TIERS = ["front", "back", "data"];

function uid(number: number): string {
  // As random as uids are: nothing that looks alike may be cheap by chance.
  const digits = new Bun.CryptoHasher("sha1").update(String(number)).digest("hex");
  return digits.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
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
    ...(nodeName !== "" && { nodeName }),
    hostNetwork: false,
    schedulerName: "default-scheduler",
    tolerations,
  };
}

function podStatus({ app, address, phase, restarts }: PodPlan): unknown {
  const digest = "0123456789abcdef".repeat(4);
  const state = {
    name: app,
    state: { running: { startedAt: TIMES } },
    ready: true,
    restartCount: restarts,
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
    phase,
    conditions,
    hostIP: "192.0.2.1",
    ...(address !== "" && { podIP: address, podIPs: [{ ip: address }] }),
    startTime: TIMES,
    containerStatuses: [state],
    qosClass: "Burstable",
  };
}

function templateHash(deployment: number): string {
  return (0x5f3759df ^ deployment).toString(16).padStart(10, "7");
}

export function podName({ app, deployment, number }: Pick<PodPlan, "app" | "deployment" | "number">): string {
  return `${app}-${templateHash(deployment)}-${number.toString(36).padStart(5, "0")}`;
}

/** A pod of about 3 kB, as an API server has it. */
export function podObject(plan: PodPlan): ApiObject {
  const { number, deployment, namespace, name, app, version, node } = plan;
  const hash = templateHash(deployment);
  const tier = TIERS[deployment % TIERS.length] ?? "";
  const owner = {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    name: `${app}-${hash}`,
    uid: uid(deployment + 1e9),
  };
  const metadata = {
    name,
    generateName: name.slice(0, name.lastIndexOf("-") + 1),
    namespace,
    uid: uid(number),
    creationTimestamp: TIMES,
    labels: { app, "pod-template-hash": hash, tier, version },
    ownerReferences: [{ ...owner, controller: true, blockOwnerDeletion: true }],
    managedFields: managedFields(app),
  };
  return { apiVersion: "v1", kind: "Pod", metadata, spec: podSpec(app, node), status: podStatus(plan) };
}
