import manifest from "../../package.json" with { type: "json" };

export const NAME = "tortie";
/** Of what binds, and gives, the right to annotate pods to agents that are not of a DaemonSet. */
export const ANNOTATIONS = "tortie-annotations";
export const NAMESPACE = "kube-system";
export const CONFIG_MAP = "calico-config";

/** As manifests of Calico's and tools of others look for pods. */
export const SELECTED: Readonly<Record<string, string>> = { "k8s-app": NAME };
export const LABELS: Readonly<Record<string, string>> = { ...SELECTED, "app.kubernetes.io/name": NAME };

/** Of an image that somebody brought onto the nodes; a release names one of a registry by its digest. */
export const DEFAULT_IMAGE: string = `localhost/tortie:${manifest.version}`;

/** As the API server knows the agent's account. */
export const USER: string = `system:serviceaccount:${NAMESPACE}:${NAME}`;
