import type { V1Affinity, V1DaemonSet, V1PodSpec, V1Toleration } from "@kubernetes/client-node";
import { agentContainer } from "./agent-container.ts";
import type { Commented } from "./commented.ts";
import { ACCOUNT_VOLUME } from "./account-volume.ts";
import { wiringVolumes } from "./host-paths.ts";
import { installContainer } from "./install-container.ts";
import { LABELS, NAME, NAMESPACE, SELECTED } from "./names.ts";
import { podSecurity } from "./pod-security.ts";
import type { Variant } from "./variant.ts";

/** Every node: one that is tainted has pods, too, or will have. */
export const EVERY_TAINT: readonly Commented<V1Toleration>[] = [
  { operator: "Exists", effect: "NoSchedule" },
  { operator: "Exists", effect: "NoExecute" },
];

const ARCHITECTURES: Commented<V1Affinity> = {
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [
        {
          matchExpressions: [
            { key: "kubernetes.io/arch", operator: "In", values: ["amd64", "arm64"] },
            {
              "#": "Virtual nodes run no DaemonSets: a pod for one would never start, and hold every update back.",
              key: "type",
              operator: "NotIn",
              values: ["virtual-kubelet"],
            },
            { key: "eks.amazonaws.com/compute-type", operator: "NotIn", values: ["fargate"] },
          ],
        },
      ],
    },
  },
};

/** What all pods of ours need to run on every node, before there is a network of pods. */
export function onEveryNode(): Omit<Commented<V1PodSpec>, "containers"> {
  return {
    "#nodeSelector":
      "Every node that the executable runs on, whatever its taints: one without network is tainted, and needs this first.",
    nodeSelector: { "kubernetes.io/os": "linux" },
    affinity: ARCHITECTURES,
    tolerations: EVERY_TAINT,
    "#priorityClassName": "Nothing else on the node may take its place, and the kubelet does not evict it.",
    priorityClassName: "system-node-critical",
    "#hostNetwork": "It works on the host's network, and runs before pods have one.",
    hostNetwork: true,
    "#dnsPolicy": "The node's resolver: that of the cluster needs pods.",
    dnsPolicy: "Default",
    "#terminationGracePeriodSeconds": "It ends within a second.",
    terminationGracePeriodSeconds: 5,
    "#enableServiceLinks": "No variables named after other people's Services.",
    enableServiceLinks: false,
    securityContext: podSecurity(),
  };
}

/** The agent on every node. */
export function daemonSet(variant: Variant): Commented<V1DaemonSet> {
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: NAME, namespace: NAMESPACE, labels: LABELS },
    spec: {
      selector: { matchLabels: SELECTED },
      updateStrategy: {
        type: "RollingUpdate",
        "#rollingUpdate":
          "Meanwhile the node's rules stay in force, and pods that start there wait. A node that is down counts as one that is being updated, and the others wait for it: on many nodes a larger number, or 10%, is as safe.",
        rollingUpdate: { maxUnavailable: 1 },
      },
      template: {
        metadata: { labels: LABELS },
        spec: {
          serviceAccountName: NAME,
          "#automountServiceAccountToken": "The agent alone gets a token, by a volume of its own.",
          automountServiceAccountToken: false,
          ...onEveryNode(),
          ...(variant.wires && { initContainers: [installContainer(variant)] }),
          containers: [agentContainer(variant)],
          volumes: [...(variant.wires ? wiringVolumes() : []), ACCOUNT_VOLUME],
        },
      },
    },
  };
}
