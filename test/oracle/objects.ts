/** A field that may be left out; the API reads null as if it were. */
export type Maybe<Value> = Value | null | undefined;

export interface Metadata {
  readonly name: string;
  /** Absent: `default`. */
  readonly namespace?: Maybe<string>;
  readonly uid?: Maybe<string>;
  readonly labels?: Maybe<Readonly<Record<string, string>>>;
  readonly annotations?: Maybe<Readonly<Record<string, string>>>;
  readonly deletionTimestamp?: Maybe<string>;
}

export interface NamespaceObject {
  readonly apiVersion: "v1";
  readonly kind: "Namespace";
  readonly metadata: Metadata;
}

export interface ContainerPort {
  readonly name?: Maybe<string>;
  readonly containerPort: number;
  readonly protocol?: Maybe<string>;
}

export interface Container {
  readonly name: string;
  readonly ports?: Maybe<readonly ContainerPort[]>;
  /** `Always` on an init container makes it a sidecar. */
  readonly restartPolicy?: Maybe<string>;
}

export interface PodObject {
  readonly apiVersion: "v1";
  readonly kind: "Pod";
  readonly metadata: Metadata;
  readonly spec: {
    readonly nodeName?: Maybe<string>;
    readonly hostNetwork?: Maybe<boolean>;
    readonly containers: readonly Container[];
    readonly initContainers?: Maybe<readonly Container[]>;
  };
  readonly status?: Maybe<{
    readonly phase?: Maybe<string>;
    readonly podIP?: Maybe<string>;
    readonly podIPs?: Maybe<readonly { readonly ip: string }[]>;
    readonly startTime?: Maybe<string>;
  }>;
}

export interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: Maybe<readonly string[]>;
}

export interface LabelSelector {
  readonly matchLabels?: Maybe<Readonly<Record<string, string>>>;
  readonly matchExpressions?: Maybe<readonly Requirement[]>;
}

export interface PolicyPeer {
  readonly podSelector?: Maybe<LabelSelector>;
  readonly namespaceSelector?: Maybe<LabelSelector>;
  readonly ipBlock?: Maybe<{ readonly cidr: string; readonly except?: Maybe<readonly string[]> }>;
}

export interface PolicyPort {
  readonly protocol?: Maybe<string>;
  readonly port?: Maybe<number | string>;
  readonly endPort?: Maybe<number>;
}

export interface IngressRule {
  readonly from?: Maybe<readonly PolicyPeer[]>;
  readonly ports?: Maybe<readonly PolicyPort[]>;
}

export interface EgressRule {
  readonly to?: Maybe<readonly PolicyPeer[]>;
  readonly ports?: Maybe<readonly PolicyPort[]>;
}

export interface NetworkPolicyObject {
  readonly apiVersion: "networking.k8s.io/v1";
  readonly kind: "NetworkPolicy";
  readonly metadata: Metadata;
  readonly spec?: Maybe<{
    readonly podSelector?: Maybe<LabelSelector>;
    readonly policyTypes?: Maybe<readonly string[]>;
    readonly ingress?: Maybe<readonly IngressRule[]>;
    readonly egress?: Maybe<readonly EgressRule[]>;
  }>;
}

/** A whole cluster as the API serves it. */
export interface World {
  readonly namespaces: readonly NamespaceObject[];
  readonly pods: readonly PodObject[];
  readonly policies: readonly NetworkPolicyObject[];
}

export type OracleParty =
  /** `NAMESPACE/NAME`. */
  | { readonly pod: string }
  /** Whoever has the address: a pod, or something outside the cluster. */
  | { readonly address: string }
  /** The node on which the pod at the other end runs, with the address that the packet carries. */
  | { readonly node: string };

/** The first packet of a connection. */
export interface OracleFlow {
  readonly from: OracleParty;
  readonly to: OracleParty;
  /** TCP, UDP, SCTP, ICMP (either family's), or any other protocol by name. */
  readonly protocol: string;
  /** Destination port; absent where the protocol has none. */
  readonly port?: number;
  readonly family: 4 | 6;
  /** The source address that the sending pod writes, where it is not simply its own. */
  readonly claimedSource?: string;
  /** Sent to a Service and translated to the destination, so that it leaves the pod even if it comes back. */
  readonly throughService?: boolean;
}

/** `NAMESPACE/NAME` of a pod or policy. */
export function fullName({ metadata }: { readonly metadata: Metadata }): string {
  return `${namespaceOf(metadata)}/${metadata.name}`;
}

export function namespaceOf(metadata: Metadata): string {
  return metadata.namespace ?? "default";
}
