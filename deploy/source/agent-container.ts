import type { V1Container, V1EnvVar, V1Probe } from "@kubernetes/client-node";
import { ACCOUNT_MOUNT } from "./account-volume.ts";
import type { Commented } from "./commented.ts";
import { agentMounts, USUAL_DIRECTORIES } from "./host-paths.ts";
import { CONFIG_MAP, NAME } from "./names.ts";
import { containerSecurity, SEALED } from "./pod-security.ts";
import type { Variant } from "./variant.ts";

function environment({ wires, bindsWrites }: Variant): readonly Commented<V1EnvVar>[] {
  const wiring: readonly Commented<V1EnvVar>[] = [
    { "#": "Pods are wired by tortie's plugin.", name: "CALICO_MANAGE_CNI", value: "true" },
    {
      name: "CNI_NETWORK_CONFIG",
      valueFrom: { configMapKeyRef: { name: CONFIG_MAP, key: "cni_network_config" } },
    },
    {
      name: "CNI_MTU",
      valueFrom: { configMapKeyRef: { name: CONFIG_MAP, key: "veth_mtu", optional: true } },
    },
    {
      "#": "As the host knows it; below /host in this container.",
      name: "CNI_NET_DIR",
      value: USUAL_DIRECTORIES.net,
    },
  ];
  const neutral: readonly Commented<V1EnvVar>[] = [
    {
      "#": "Somebody else wires the pods; their interfaces are found by the host's routes.",
      name: "CALICO_MANAGE_CNI",
      value: "false",
    },
  ];
  const unbound: readonly Commented<V1EnvVar>[] = [
    {
      "#": "The right to write them cannot be bound to a node on this server, so it is not asked for.",
      name: "TORTIE_PODANNOTATIONS",
      value: "false",
    },
  ];
  return [
    { name: "DATASTORE_TYPE", value: "kubernetes" },
    { name: "NODENAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
    ...(wires ? wiring : neutral),
    ...(wires && !bindsWrites ? unbound : []),
    ...SEALED,
  ];
}

/** On the host's own loopback: nobody outside of the node can ask. */
function probe(path: string): Commented<V1Probe> {
  return {
    httpGet: { host: "127.0.0.1", port: 9099, path },
    periodSeconds: 10,
    "#timeoutSeconds": "One second, the default, is little for a node whose processors are all busy.",
    timeoutSeconds: 5,
  };
}

/** The agent itself. */
export function agentContainer(variant: Variant): Commented<V1Container> {
  return {
    name: NAME,
    image: variant.image,
    imagePullPolicy: "IfNotPresent",
    command: ["tortie", "agent"],
    "#envFrom": `Without this ConfigMap the agent reaches the API server by the Service \`kubernetes\`, which kube-proxy makes: then policy hangs on kube-proxy. Say where the server is itself:
  kubectl -n kube-system create configmap kubernetes-services-endpoint \\
    --from-literal=KUBERNETES_SERVICE_HOST=ADDRESS --from-literal=KUBERNETES_SERVICE_PORT=6443
  kubectl -n kube-system rollout restart daemonset/tortie
ADDRESS must be one that the server's certificate names; for kubeadm it is in \`kubectl cluster-info\`.`,
    envFrom: [{ configMapRef: { name: "kubernetes-services-endpoint", optional: true } }],
    "#env": "docs/config.md has all settings.",
    env: environment(variant),
    "#livenessProbe":
      "Fails only when the agent itself is stuck, never because the API server is away. Rules stay in force while it is started again.",
    livenessProbe: { ...probe("/liveness"), failureThreshold: 6 },
    "#readinessProbe":
      "Ready: the rules in the kernel are those of the cluster. If not, curl http://127.0.0.1:9099/readiness on the node says why.",
    readinessProbe: {
      ...probe("/readiness"),
      "#periodSeconds": "A rollout goes from node to node by it, and an agent is ready within one.",
      periodSeconds: 2,
      failureThreshold: 5,
    },
    resources: {
      "#requests":
        "Measured (docs/performance.md): 162 MB with 10,000 pods in the cluster, 100 of them and 10 policies changing every second, which takes a tenth of a processor.",
      requests: { cpu: "100m", memory: "160Mi" },
      "#limits":
        "Measured peaks while starting: 92 MB with 1,000 pods in the cluster, 128 MB with 10,000, 277 MB with 150,000. No limit of processor time: throttled, an agent lets new pods wait for their network, and policies for their enforcement.",
      limits: { memory: "512Mi" },
    },
    securityContext: containerSecurity(
      ["NET_ADMIN"],
      "nftables, routes and links of the host's network, where the agent runs. The plugin, which enters pods, is run by the host's runtime, and not by the agent.",
    ),
    volumeMounts: [...(variant.wires ? agentMounts() : []), ACCOUNT_MOUNT],
  };
}
