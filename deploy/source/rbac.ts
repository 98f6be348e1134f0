import type {
  V1ClusterRole,
  V1ClusterRoleBinding,
  V1PolicyRule,
  V1ServiceAccount,
} from "@kubernetes/client-node";
import { NAMESPACES, NETWORK_POLICIES, ownNode, PODS } from "../../adapters/kubernetes/store/resources.ts";
import type { Commented } from "./commented.ts";
import { LABELS, NAME, NAMESPACE } from "./names.ts";

const READ_VERBS = ["get", "list", "watch"] as const;

/** What the agent reads, and what for. */
const READ: readonly (readonly [path: string, reason: string])[] = [
  [
    PODS.watched.path,
    "Who has which address, and which labels: pods are what policies select, here and as peers.",
  ],
  [NAMESPACES.watched.path, "The labels that namespaceSelector asks for."],
  [
    ownNode(NAME).watched.path,
    "Which addresses this node's pods come from. RBAC cannot name one node for each agent; only its own is asked for.",
  ],
  [NETWORK_POLICIES.watched.path, "The policies."],
];

/** The group and the resource of a path of the API, such as `/apis/networking.k8s.io/v1/networkpolicies`. */
function resourceOf(path: string): Pick<V1PolicyRule, "apiGroups" | "resources"> {
  const [, group = ""] = /^\/apis\/([^/]+)\//.exec(path) ?? [];
  return { apiGroups: [group], resources: [path.slice(path.lastIndexOf("/") + 1)] };
}

function readRule([path, reason]: (typeof READ)[number]): Commented<V1PolicyRule> {
  return { "#": reason, ...resourceOf(path), verbs: [...READ_VERBS] };
}

function writeRule(isBound: boolean): Commented<V1PolicyRule> {
  const bound = isBound
    ? "RBAC cannot name a node's pods: the ValidatingAdmissionPolicy below does."
    : "RBAC cannot name a node's pods; the ValidatingAdmissionPolicy of tortie.yaml does, for tokens that are bound to a node.";
  return {
    "#": `The only right to write: the annotations cni.projectcalico.org/podIP, podIPs and containerID of pods that tortie's plugin wires, which calicoctl and tools of others read. ${bound} Without this rule nothing is missing but the annotations; TORTIE_PODANNOTATIONS=false asks for none.`,
    apiGroups: [""],
    resources: ["pods/status"],
    verbs: ["patch"],
  };
}

export type Writes = "none" | "bound" | "unbound";

/** The agent's account and its rights: to read what policies are made of, and to write its pods' addresses down. */
export function rbac(
  writes: Writes,
): [Commented<V1ServiceAccount>, Commented<V1ClusterRole>, Commented<V1ClusterRoleBinding>] {
  const metadata = { name: NAME, labels: LABELS };
  const write = writes === "none" ? [] : [writeRule(writes === "bound")];
  return [
    {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: NAME, namespace: NAMESPACE, labels: LABELS },
    },
    {
      "#":
        writes === "none"
          ? "What the agent may do at the API server: read what policies are made of. It writes nothing."
          : "What the agent may do at the API server: read what policies are made of, and write down at each of its pods what that pod's addresses are. Nothing else.",
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata,
      rules: [...READ.map(readRule), ...write],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: NAME },
      subjects: [{ kind: "ServiceAccount", name: NAME, namespace: NAMESPACE }],
    },
  ];
}
