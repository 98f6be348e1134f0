import type { V1FlowSchema } from "@kubernetes/client-node";
import type { Commented } from "./commented.ts";
import { LABELS, NAME, NAMESPACE } from "./names.ts";

/** A flow of our own at the API server, instead of a share of that of all of kube-system. */
export function flowSchema(): Commented<V1FlowSchema> {
  return {
    "#": "A busy API server queues requests by flow, and all accounts of kube-system are one flow together: agents that list anew after an outage would stand before the cluster's controllers, and a controller that runs wild before the agents. This gives the agents a flow of their own, at the level of the controllers. Not at the level `system`, where kubelets report that nodes live.",
    apiVersion: "flowcontrol.apiserver.k8s.io/v1",
    kind: "FlowSchema",
    metadata: { name: NAME, labels: LABELS },
    spec: {
      priorityLevelConfiguration: { name: "workload-high" },
      "#matchingPrecedence":
        "Before kube-system-service-accounts (900), which would match, too; after the kubelets' (500) and those of controller manager and scheduler (800).",
      matchingPrecedence: 850,
      distinguisherMethod: { type: "ByUser" },
      rules: [
        {
          subjects: [{ kind: "ServiceAccount", serviceAccount: { name: NAME, namespace: NAMESPACE } }],
          resourceRules: [
            { apiGroups: ["*"], resources: ["*"], verbs: ["*"], namespaces: ["*"], clusterScope: true },
          ],
          nonResourceRules: [{ nonResourceURLs: ["*"], verbs: ["*"] }],
        },
      ],
    },
  };
}
