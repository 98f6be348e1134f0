import { pod as podSchema } from "../../adapters/kubernetes/calico/kubernetes-objects.ts";
import { toV1WorkloadEndpoint } from "../../adapters/kubernetes/calico/v1-objects.ts";
import { parseWorkloadEndpointName } from "../../adapters/kubernetes/calico/workload-endpoint-name.ts";
import {
  isWorkloadEndpoint,
  toWorkloadEndpoint,
} from "../../adapters/kubernetes/calico/workload-endpoint.ts";
import { isNamespaceName, isObjectName } from "../../adapters/objects/names.ts";
import { listingOf, type Query, readAs, type Shown, v3List, type View } from "./view.ts";

interface Networked {
  readonly ipNetworks: readonly string[];
  readonly ipNATs?: readonly { readonly internalIP: string; readonly externalIP: string }[] | undefined;
  readonly profiles: readonly string[];
  readonly interfaceName: string;
}

function networkCells({ ipNetworks, ipNATs = [], profiles, interfaceName }: Networked): Shown["cells"] {
  return {
    NETWORKS: ipNetworks.join(","),
    // Go's print of the pair, which Calico shows.
    NATS: ipNATs.map(({ internalIP, externalIP }) => `{${internalIP} ${externalIP}}`).join(","),
    INTERFACE: interfaceName,
    PROFILES: profiles.join(","),
  };
}

/** Where a pod must run to be what was asked for; undefined: anywhere. */
type ShowPod = (object: unknown, node: string | undefined) => Shown | undefined;

function showV1(object: unknown, node: string | undefined): Shown | undefined {
  const pod = readAs("Pod", podSchema, object);
  const resource = isWorkloadEndpoint(pod) ? toV1WorkloadEndpoint(pod) : undefined;
  if (resource === undefined || (node ?? resource.metadata.node) !== resource.metadata.node) return undefined;
  const { metadata } = resource;
  const cells = {
    // The document of 2016 says HOSTNAME, the release of its time NODE.
    HOSTNAME: metadata.node,
    NODE: metadata.node,
    ORCHESTRATOR: metadata.orchestrator,
    WORKLOAD: metadata.workload,
    NAME: metadata.name,
    NAMESPACE: pod.metadata.namespace ?? "default",
    ...networkCells(resource.spec),
  };
  return { resource, cells };
}

function showV3(object: unknown, node: string | undefined): Shown | undefined {
  const pod = readAs("Pod", podSchema, object);
  if (!isWorkloadEndpoint(pod) || (node ?? pod.spec.nodeName) !== pod.spec.nodeName) return undefined;
  const resource = toWorkloadEndpoint(pod);
  const { metadata, spec } = resource;
  const cells = {
    NAME: metadata.name,
    NAMESPACE: metadata.namespace ?? "default",
    HOSTNAME: spec.node,
    NODE: spec.node,
    ORCHESTRATOR: spec.orchestrator,
    WORKLOAD: spec.pod,
    ...networkCells(spec),
  };
  return { resource, cells };
}

function query(show: ShowPod, at: { namespace?: string | undefined; name?: string; node?: string }): Query {
  return {
    listing: listingOf("", "pods", at),
    show: (object) => show(object, at.node),
  };
}

/** `NODE-k8s-POD-eth0`, `POD` and `NAMESPACE.POD` all name an endpoint; a pod's own name may hold dots, too. */
function named(show: ShowPod, name: string, namespace: string | undefined): Query[] {
  const queries: Query[] = [];
  const parts = parseWorkloadEndpointName(name);
  if (parts !== undefined && isObjectName(parts.pod)) {
    queries.push(query(show, { namespace, name: parts.pod, node: parts.node }));
  }
  if (isObjectName(name)) queries.push(query(show, { namespace, name }));
  const dot = name.indexOf(".");
  const [inside, pod] = [name.slice(0, dot), name.slice(dot + 1)];
  if (dot > 0 && isNamespaceName(inside) && isObjectName(pod) && (namespace ?? inside) === inside) {
    queries.push(query(show, { namespace: inside, name: pod }));
  }
  return queries;
}

const WIDE = ["NETWORKS", "NATS", "INTERFACE", "PROFILES"];
const ALL = ["HOSTNAME", "NODE", "ORCHESTRATOR", "WORKLOAD", "NAME", "NAMESPACE", ...WIDE];

const V1_HEADINGS = ["HOSTNAME", "ORCHESTRATOR", "WORKLOAD", "NAME"];

export const v1WorkloadEndpoints: View = {
  kind: "WorkloadEndpoint",
  namespaced: true,
  headings: { ps: V1_HEADINGS, wide: [...V1_HEADINGS, ...WIDE] },
  allHeadings: ALL,
  queries: (namespace) => [query(showV1, { namespace })],
  named: (name, namespace) => named(showV1, name, namespace),
  list: (resources) => resources,
};

export const v3WorkloadEndpoints: View = {
  kind: "WorkloadEndpoint",
  namespaced: true,
  headings: {
    ps: ["WORKLOAD", "NODE", "NETWORKS", "INTERFACE"],
    wide: ["NAME", "WORKLOAD", "NODE", "NETWORKS", "INTERFACE", "PROFILES", "NATS"],
  },
  allHeadings: ALL,
  queries: (namespace) => [query(showV3, { namespace })],
  named: (name, namespace) => named(showV3, name, namespace),
  list: (resources, versions) => v3List("WorkloadEndpoint", resources, versions),
};
