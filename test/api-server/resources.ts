/** What the server serves, and which fields a selector may name. */
export interface ServedResource {
  readonly name: string;
  /** `/api/v1` or `/apis/GROUP/VERSION`. */
  readonly root: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Beyond metadata.name and metadata.namespace; the text that an absent value stands for. */
  readonly fields: Readonly<Record<string, string>>;
}

export const SERVED: readonly ServedResource[] = [
  {
    name: "pods",
    root: "/api/v1",
    apiVersion: "v1",
    kind: "Pod",
    namespaced: true,
    fields: {
      "spec.nodeName": "",
      "spec.restartPolicy": "",
      "spec.serviceAccountName": "",
      "spec.hostNetwork": "false",
      "status.phase": "",
      "status.podIP": "",
    },
  },
  { name: "namespaces", root: "/api/v1", apiVersion: "v1", kind: "Namespace", namespaced: false, fields: {} },
  { name: "nodes", root: "/api/v1", apiVersion: "v1", kind: "Node", namespaced: false, fields: {} },
  {
    name: "networkpolicies",
    root: "/apis/networking.k8s.io/v1",
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    namespaced: true,
    fields: {},
  },
];

/** What a path asks for; `namespace` and `name` where it is narrower than the whole resource. */
export interface Target {
  readonly resource: ServedResource;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

export function targetOf(path: string): Target | undefined {
  for (const resource of SERVED) {
    if (!path.startsWith(`${resource.root}/`)) continue;
    const parts = path.slice(resource.root.length + 1).split("/");
    const narrowed = resource.namespaced && parts[0] === "namespaces" && parts.length > 2;
    const [namespace, rest] = narrowed ? [parts[1], parts.slice(2)] : [undefined, parts];
    if (rest[0] === resource.name && rest.length <= 2) return { resource, namespace, name: rest[1] };
  }
  return undefined;
}

export function servedKind(kind: string): ServedResource {
  const found = SERVED.find((one) => one.kind === kind);
  if (found === undefined) throw new TypeError(`the server serves no ${kind}; add it to SERVED`);
  return found;
}
