import type { V1ConfigMap, V1Container, V1DaemonSet, V1Namespace } from "@kubernetes/client-node";
import type { Commented, CommentedObject } from "./commented.ts";
import { POD_BLOCK } from "./config-map.ts";
import { EVERY_TAINT } from "./daemon-set.ts";
import { flannelRbac } from "./flannel-rbac.ts";

export const FLANNEL_IMAGE = "ghcr.io/flannel-io/flannel:v0.28.9";
export const FLANNEL_NAMESPACE = "kube-flannel";
const NAMESPACE = FLANNEL_NAMESPACE;
const CONFIG = "kube-flannel-cfg";
const SELECTED = { app: "flannel" };
const LABELS = { ...SELECTED, "k8s-app": "flannel", tier: "node" };
const HEALTH = { host: "127.0.0.1", port: 8081 } as const;

function namespace(): Commented<V1Namespace> {
  return {
    "#": "Flannel, to route between nodes and for nothing else. All names are those of its own manifest, so that one takes the place of the other, and no node ever has two of it.",
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name: NAMESPACE,
      labels: {
        "k8s-app": "flannel",
        "#pod-security.kubernetes.io/enforce": "It runs on the host's network.",
        "pod-security.kubernetes.io/enforce": "privileged",
      },
    },
  };
}

function configMap(): Commented<V1ConfigMap> {
  return {
    "#": "Its own manifest has a cni-conf.json here, too. There is none: tortie wires the pods.",
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: CONFIG, namespace: NAMESPACE, labels: LABELS },
    data: {
      "net-conf.json": `${JSON.stringify({ Network: POD_BLOCK, EnableNFTables: false, Backend: { Type: "vxlan" } }, undefined, 2)}\n`,
    },
  };
}

function container(): Commented<V1Container> {
  return {
    name: "kube-flannel",
    image: FLANNEL_IMAGE,
    command: ["/opt/bin/flanneld"],
    args: ["--ip-masq", "--kube-subnet-mgr", `--healthz-ip=${HEALTH.host}`, `--healthz-port=${HEALTH.port}`],
    env: [
      { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
      { name: "POD_NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
      { name: "EVENT_QUEUE_DEPTH", value: "5000" },
    ],
    livenessProbe: {
      httpGet: { ...HEALTH, path: "/healthz" },
      initialDelaySeconds: 10,
      periodSeconds: 30,
      timeoutSeconds: 5,
    },
    readinessProbe: { httpGet: { ...HEALTH, path: "/readyz" }, periodSeconds: 10, timeoutSeconds: 5 },
    resources: { requests: { cpu: "100m", memory: "50Mi" } },
    "#securityContext":
      "Interfaces, routes and rules of iptables. Its root directory stays writable: its iptables is a link that is set at the first call.",
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"], add: ["NET_ADMIN", "NET_RAW"] },
    },
    volumeMounts: [
      { "#": "Where it tells tortie its networks and MTU.", name: "run", mountPath: "/run/flannel" },
      { name: "flannel-cfg", mountPath: "/etc/kube-flannel", readOnly: true },
      { "#": "Shared with kube-proxy's iptables.", name: "xtables-lock", mountPath: "/run/xtables.lock" },
    ],
  };
}

function daemonSet(): Commented<V1DaemonSet> {
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "kube-flannel-ds", namespace: NAMESPACE, labels: LABELS },
    spec: {
      selector: { matchLabels: SELECTED },
      template: {
        metadata: { labels: LABELS },
        spec: {
          serviceAccountName: "flannel",
          nodeSelector: { "kubernetes.io/os": "linux" },
          tolerations: EVERY_TAINT,
          priorityClassName: "system-node-critical",
          hostNetwork: true,
          securityContext: {
            runAsUser: 0,
            seccompProfile: { type: "RuntimeDefault" },
            seLinuxOptions: { type: "spc_t" },
          },
          "#containers":
            "Without the two containers of its own manifest that install its CNI plugin and configuration.",
          containers: [container()],
          volumes: [
            { name: "run", hostPath: { path: "/run/flannel", type: "DirectoryOrCreate" } },
            { name: "flannel-cfg", configMap: { name: CONFIG } },
            { name: "xtables-lock", hostPath: { path: "/run/xtables.lock", type: "FileOrCreate" } },
          ],
        },
      },
    },
  };
}

/** Flannel as a router of packets between nodes: no CNI plugin, no CNI configuration. */
export function flannel(): readonly CommentedObject[] {
  return [namespace(), ...flannelRbac(NAMESPACE), configMap(), daemonSet()];
}
