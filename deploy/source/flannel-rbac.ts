import type { V1ClusterRole, V1ClusterRoleBinding, V1ServiceAccount } from "@kubernetes/client-node";
import type { Commented } from "./commented.ts";

const NAME = "flannel";
const METADATA = { name: NAME, labels: { "k8s-app": NAME } };

/** Flannel's account and rights, as its own manifest has them. */
export function flannelRbac(
  namespace: string,
): [Commented<V1ServiceAccount>, Commented<V1ClusterRole>, Commented<V1ClusterRoleBinding>] {
  return [
    {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: NAME, namespace, labels: METADATA.labels },
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: METADATA,
      rules: [
        { "#": "Which node it runs on.", apiGroups: [""], resources: ["pods"], verbs: ["get"] },
        {
          "#": "The pod CIDR of each node.",
          apiGroups: [""],
          resources: ["nodes"],
          verbs: ["get", "list", "watch"],
        },
        {
          "#": "How other nodes reach this one, as annotations; and that its network is available.",
          apiGroups: [""],
          resources: ["nodes/status"],
          verbs: ["patch"],
        },
      ],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: METADATA,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: NAME },
      subjects: [{ kind: "ServiceAccount", name: NAME, namespace }],
    },
  ];
}
