import type { NamedObject, Node as KubernetesNode, Pod } from "./kubernetes-objects.ts";
import { toNode } from "./node.ts";
import { prefixedLabels, type Resource } from "./resource.ts";
import { LABEL_OF_NAMESPACE, NAMESPACE_LABEL, V1 } from "./v1-labels.ts";
import type { V1Rule } from "./v1-policy.ts";
import { ENDPOINT, ORCHESTRATOR } from "./workload-endpoint-name.ts";
import { toWorkloadEndpoint } from "./workload-endpoint.ts";

/** Before the name of a namespace's profile. */
export const V1_PROFILE = "ns.projectcalico.org/";
export interface V1WorkloadEndpointMetadata {
  readonly name: string;
  /** `NAMESPACE.POD` */
  readonly workload: string;
  readonly orchestrator: string;
  readonly node: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface V1WorkloadEndpointSpec {
  readonly ipNetworks: readonly string[];
  readonly ipNATs?: readonly { readonly internalIP: string; readonly externalIP: string }[] | undefined;
  readonly profiles: readonly string[];
  readonly interfaceName: string;
}

export type V1WorkloadEndpoint = Resource<
  "workloadEndpoint",
  V1WorkloadEndpointSpec,
  V1WorkloadEndpointMetadata
>;

/** The v1 view of a pod. A pod without an address was no endpoint then: undefined. */
export function toV1WorkloadEndpoint(pod: Pod): V1WorkloadEndpoint | undefined {
  const { metadata, spec } = toWorkloadEndpoint(pod);
  if (spec.ipNetworks.length === 0) return undefined;
  const { namespace = "default" } = metadata;
  return {
    kind: "workloadEndpoint",
    apiVersion: V1,
    metadata: {
      name: ENDPOINT,
      workload: `${namespace}.${spec.pod}`,
      orchestrator: ORCHESTRATOR,
      node: spec.node,
      labels: { ...pod.metadata.labels, [NAMESPACE_LABEL]: namespace },
    },
    spec: {
      ipNetworks: spec.ipNetworks,
      ipNATs: spec.ipNATs,
      profiles: [`${V1_PROFILE}${namespace}`],
      interfaceName: spec.interfaceName,
    },
  };
}

export interface V1NodeSpec {
  readonly bgp?: {
    readonly asNumber?: number | undefined;
    readonly ipv4Address?: string | undefined;
    readonly ipv6Address?: string | undefined;
  };
}

export type V1Node = Resource<"node", V1NodeSpec, { readonly name: string }>;

export function toV1Node(node: KubernetesNode): V1Node {
  const { bgp } = toNode(node).spec;
  const { asNumber, ipv4Address, ipv6Address } = bgp ?? {};
  return {
    kind: "node",
    apiVersion: V1,
    metadata: { name: node.metadata.name },
    spec: bgp === undefined ? {} : { bgp: { asNumber, ipv4Address, ipv6Address } },
  };
}

export interface V1ProfileMetadata {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

export type V1Profile = Resource<
  "profile",
  { readonly ingress: readonly V1Rule[]; readonly egress: readonly V1Rule[] },
  V1ProfileMetadata
>;

const EVERYTHING: readonly V1Rule[] = [{ action: "allow", source: {}, destination: {} }];

/** It allows everything, as since Calico 2.3: what isolates is being selected by a policy, not the namespace. */
export function toV1Profile({ metadata }: NamedObject): V1Profile {
  return {
    kind: "profile",
    apiVersion: V1,
    metadata: {
      name: `${V1_PROFILE}${metadata.name}`,
      labels: prefixedLabels(LABEL_OF_NAMESPACE, metadata.labels),
    },
    spec: { ingress: EVERYTHING, egress: EVERYTHING },
  };
}
