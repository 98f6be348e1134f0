import { isNamespaceName, isObjectName } from "../../objects/names.ts";
import { STATIC_POD_ANNOTATION } from "../../objects/pod.ts";
import { POD_IP_ANNOTATION, POD_IPS_ANNOTATION } from "../../objects/pod-addresses.ts";
import type { ResourceName, ResourceValues } from "./object-store.ts";
import {
  type ModelContext,
  type ModelItem,
  namespaceItem,
  nodeItem,
  podItem,
  policyItem,
} from "./to-model.ts";
import type { Fields } from "../reading/field-reader.ts";
import type { WatchedResource } from "../reading/watched-resource.ts";

/** What is read of the API server, and what becomes of each object. */
export interface ModelResource<Name extends ResourceName> {
  readonly name: Name;
  readonly watched: WatchedResource;
  readonly read: (object: unknown, context: ModelContext) => ModelItem<ResourceValues[Name]>;
}

const ALIVE = "status.phase!=Succeeded,status.phase!=Failed";

const CONTAINER_FIELDS: Fields = { ports: "shared" };

/** What readPod asks for: a tenth of a pod, and pods are most of what a cluster tells. */
const POD_FIELDS: Fields = {
  metadata: {
    name: true,
    namespace: true,
    uid: true,
    resourceVersion: true,
    labels: "shared",
    deletionTimestamp: true,
    annotations: { [POD_IP_ANNOTATION]: true, [POD_IPS_ANNOTATION]: true, [STATIC_POD_ANNOTATION]: true },
  },
  spec: {
    nodeName: true,
    hostNetwork: true,
    containers: CONTAINER_FIELDS,
    initContainers: CONTAINER_FIELDS,
  },
  status: { phase: true, podIP: true, podIPs: true, startTime: true },
};

/** Pods on the network of pods that may still send something. Older servers do not select by spec.hostNetwork. */
export const PODS: ModelResource<"pods"> = {
  name: "pods",
  watched: {
    name: "pods",
    path: "/api/v1/pods",
    apiVersion: "v1",
    kind: "Pod",
    query: { fieldSelector: `${ALIVE},spec.hostNetwork=false` },
    plainerQueries: [{ fieldSelector: ALIVE }, {}],
    fields: POD_FIELDS,
  },
  read: podItem,
};

/** Where one pod is asked for; undefined: the API server has none of such a name. */
export function podPath(namespace: string, pod: string): string | undefined {
  return isNamespaceName(namespace) && isObjectName(pod)
    ? `/api/v1/namespaces/${namespace}/pods/${pod}`
    : undefined;
}

/** Where the Namespace is asked for that a pod lives in. */
export function namespacePath(namespace: string): string {
  return `${NAMESPACES.watched.path}/${namespace}`;
}

/** Where the policies of one namespace are asked for. */
export function policiesPath(namespace: string): string {
  return `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies`;
}

export const NAMESPACES: ModelResource<"namespaces"> = {
  name: "namespaces",
  watched: { name: "namespaces", path: "/api/v1/namespaces", apiVersion: "v1", kind: "Namespace" },
  read: namespaceItem,
};

export const NETWORK_POLICIES: ModelResource<"networkpolicies"> = {
  name: "networkpolicies",
  watched: {
    name: "networkpolicies",
    path: "/apis/networking.k8s.io/v1/networkpolicies",
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
  },
  read: policyItem,
};

/** The one Node of that name. */
export function ownNode(nodeName: string): ModelResource<"nodes"> {
  return {
    name: "nodes",
    watched: {
      name: "nodes",
      path: "/api/v1/nodes",
      apiVersion: "v1",
      kind: "Node",
      query: { fieldSelector: `metadata.name=${nodeName}` },
    },
    read: nodeItem,
  };
}
