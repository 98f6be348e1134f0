import type {
  V1ClusterRole,
  V1ClusterRoleBinding,
  V1PolicyRule,
  V1ServiceAccount,
} from "@kubernetes/client-node";
import { NAMESPACES, NETWORK_POLICIES, ownNode, PODS } from "../../adapters/kubernetes/store/resources.ts";
import type { Commented } from "./commented.ts";
import { ANNOTATIONS, LABELS, NAME, NAMESPACE } from "./names.ts";

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

const WRITE_RULE: Commented<V1PolicyRule> = {
  "#": "The only right to write: the annotations cni.projectcalico.org/podIP, podIPs and containerID of pods that tortie's plugin wires, which calicoctl and tools of others read. RBAC cannot name a node's pods: the ValidatingAdmissionPolicy below does. Without this rule nothing is missing but the annotations.",
  apiGroups: [""],
  resources: ["pods/status"],
  verbs: ["patch"],
};

function role(name: string, about: string, rules: Commented<V1PolicyRule>[]): Commented<V1ClusterRole> {
  return {
    "#": about,
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name, labels: LABELS },
    rules,
  };
}

function bindingOf(name: string): Commented<V1ClusterRoleBinding> {
  return {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name, labels: LABELS },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
    subjects: [{ kind: "ServiceAccount", name: NAME, namespace: NAMESPACE }],
  };
}

type Role = [Commented<V1ClusterRole>, Commented<V1ClusterRoleBinding>];

/** The agent's account and its rights: to read what policies are made of, and, where it writes, to write its pods' addresses down. */
export function rbac({ writes }: { readonly writes: boolean }): [Commented<V1ServiceAccount>, ...Role] {
  const about = writes
    ? "What the agent may do at the API server: read what policies are made of, and write down at each of its pods what that pod's addresses are. Nothing else."
    : "What the agent may do at the API server: read what policies are made of. It writes nothing.";
  const account = {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: NAME, namespace: NAMESPACE, labels: LABELS },
  };
  const rules = [...READ.map(readRule), ...(writes ? [WRITE_RULE] : [])];
  return [account, role(NAME, about, rules), bindingOf(NAME)];
}

/** The right to write alone, in a role of its own, for an account that has the others. */
export function annotationRights(): Role {
  const about = "What the agent may write, beside what tortie-rbac.yaml lets it read.";
  return [role(ANNOTATIONS, about, [WRITE_RULE]), bindingOf(ANNOTATIONS)];
}
