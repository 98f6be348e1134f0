import type { V1Volume, V1VolumeMount } from "@kubernetes/client-node";
import type { Commented } from "./commented.ts";

/** What the API server's admission would give every container of a pod, for one of them alone. */
export const ACCOUNT_VOLUME: Commented<V1Volume> = {
  "#": "The token is bound to this pod, and so to its node. The kubelet renews it; a day, so that the agent goes on reading while a kubelet is away.",
  name: "account",
  projected: {
    sources: [
      { serviceAccountToken: { path: "token", expirationSeconds: 86_400 } },
      { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
    ],
  },
};

export const ACCOUNT_MOUNT: Commented<V1VolumeMount> = {
  "#": "The account, for the API server.",
  name: "account",
  mountPath: "/var/run/secrets/kubernetes.io/serviceaccount",
  readOnly: true,
};
