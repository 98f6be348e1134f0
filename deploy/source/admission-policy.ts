import type {
  V1ValidatingAdmissionPolicy,
  V1ValidatingAdmissionPolicyBinding,
  V1Validation,
} from "@kubernetes/client-node";
import type { Commented } from "./commented.ts";
import { LABELS, USER } from "./names.ts";

const NODE_NAME = "authentication.kubernetes.io/node-name";
const OWN_ANNOTATIONS = ["podIP", "podIPs", "containerID"].map((name) => `cni.projectcalico.org/${name}`);

function unchanged(what: string, ...paths: readonly string[]): Commented<V1Validation> {
  return {
    expression: paths.map((path) => `object.${path} == oldObject.${path}`).join(" && "),
    message: `tortie may change three annotations of a pod, not its ${what}`,
    reason: "Forbidden",
  };
}

/** Binds the one right to write: to pods of the node that asks, and to three annotations of them. */
export function admissionPolicy(
  name: string,
): [Commented<V1ValidatingAdmissionPolicy>, Commented<V1ValidatingAdmissionPolicyBinding>] {
  const metadata = { name, labels: LABELS };
  return [
    {
      "#": "Binds the right to patch pods/status, which RBAC can only give for all pods at once: whoever has the token of one node's agent can change three annotations of that node's pods, and nothing else in the cluster. The API server puts the node's name into the token when a kubelet asks for it, so no agent can claim another.",
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingAdmissionPolicy",
      metadata,
      spec: {
        "#failurePolicy": "What cannot be judged is refused: a pod lives without its annotations.",
        failurePolicy: "Fail",
        matchConstraints: {
          resourceRules: [
            { apiGroups: [""], apiVersions: ["v1"], operations: ["UPDATE"], resources: ["pods/status"] },
          ],
        },
        "#matchConditions": "Nobody else is judged: kubelets write here, too.",
        matchConditions: [{ name: "tortie", expression: `request.userInfo.username == '${USER}'` }],
        variables: [
          {
            "#": "None with a token that is not bound to a node (one of `kubectl create token` without --bound-object-kind=Node).",
            name: "nodes",
            expression: `request.userInfo.?extra[?'${NODE_NAME}'].orValue([])`,
          },
          {
            name: "own",
            expression: `[${OWN_ANNOTATIONS.map((key) => `'${key}'`).join(", ")}]`,
          },
          { name: "before", expression: "oldObject.metadata.?annotations.orValue({})" },
          { name: "after", expression: "object.metadata.?annotations.orValue({})" },
        ],
        validations: [
          {
            expression: "oldObject.spec.?nodeName.orValue('') in variables.nodes",
            message:
              "tortie may write to pods of the node that its token is bound to, and this pod is not one of them",
            reason: "Forbidden",
          },
          {
            expression: [
              "variables.after.all(key, key in variables.own ||",
              "  (key in variables.before && variables.before[key] == variables.after[key])) &&",
              "variables.before.all(key, key in variables.own || key in variables.after)",
            ].join("\n"),
            message: `tortie may change no annotations of a pod but ${OWN_ANNOTATIONS.join(", ")}`,
            reason: "Forbidden",
          },
          unchanged("labels and name", "metadata.?labels", "metadata.?generateName"),
          unchanged("finalizers and owners", "metadata.?finalizers", "metadata.?ownerReferences"),
          unchanged("spec and status", "?spec", "?status"),
        ],
      },
    },
    {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingAdmissionPolicyBinding",
      metadata,
      spec: { policyName: name, validationActions: ["Deny"] },
    },
  ];
}
