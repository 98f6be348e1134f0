import type {
  NetworkPolicy as KubernetesPolicy,
  Peer,
  PolicyRule as KubernetesRule,
} from "./kubernetes-policy.ts";
import { reversedUid } from "./reversed-uid.ts";
import { type CalicoPort, portsByProtocol } from "./rule-ports.ts";
import { type Resource, V3 } from "./resource.ts";
import { allOf, selectorTerms } from "./selector-text.ts";

/** Before the names of policies that are Kubernetes' own. */
export const KUBERNETES_POLICY = "knp.default.";

/** Every policy of Kubernetes has this order. */
export const POLICY_ORDER = 1000;

export interface EntityRule {
  readonly nets?: readonly string[] | undefined;
  readonly notNets?: readonly string[] | undefined;
  readonly selector?: string | undefined;
  readonly namespaceSelector?: string | undefined;
  readonly ports?: readonly CalicoPort[] | undefined;
}

export interface PolicyRule {
  readonly action: "Allow";
  readonly protocol?: string | undefined;
  readonly source: EntityRule;
  readonly destination: EntityRule;
}

export type PolicyType = "Ingress" | "Egress";

export interface NetworkPolicySpec {
  readonly tier: string;
  readonly order: number;
  readonly selector: string;
  readonly types: readonly PolicyType[];
  readonly ingress?: readonly PolicyRule[] | undefined;
  readonly egress?: readonly PolicyRule[] | undefined;
}

export type NetworkPolicy = Resource<"NetworkPolicy", NetworkPolicySpec>;

const PODS = "projectcalico.org/orchestrator == 'k8s'";

function peerFields({ podSelector, namespaceSelector, ipBlock }: Peer): EntityRule {
  if (ipBlock !== undefined) {
    return { nets: [ipBlock.cidr], notNets: ipBlock.except.length === 0 ? undefined : ipBlock.except };
  }
  const namespaces = selectorTerms(namespaceSelector);
  return {
    selector: allOf(PODS, ...selectorTerms(podSelector)),
    namespaceSelector:
      namespaceSelector === undefined ? undefined : namespaces.length === 0 ? "all()" : allOf(...namespaces),
  };
}

/** One rule for each protocol and peer. */
function rules(from: readonly KubernetesRule[], direction: PolicyType): readonly PolicyRule[] | undefined {
  const made = from.flatMap(({ from: sources = [], to = [], ports }) => {
    const peers = direction === "Ingress" ? sources : to;
    const entities = peers.length === 0 ? [{}] : peers.map(peerFields);
    return portsByProtocol(ports).flatMap(({ protocol, ports: allowed }) =>
      entities.map((entity): PolicyRule =>
        direction === "Ingress"
          ? { action: "Allow", protocol, source: entity, destination: { ports: allowed } }
          : { action: "Allow", protocol, source: {}, destination: { ...entity, ports: allowed } },
      ),
    );
  });
  return made.length === 0 ? undefined : made;
}

/** Ingress where nothing is written: the API server of a time that knew policyTypes has filled it in. */
export function policyTypes({ spec }: KubernetesPolicy): readonly PolicyType[] {
  const written = (["Ingress", "Egress"] as const).filter((type) => spec?.policyTypes.includes(type));
  return written.length === 0 ? ["Ingress"] : written;
}

/** Calico's v3 view of a policy of Kubernetes. */
export function toNetworkPolicy(policy: KubernetesPolicy): NetworkPolicy {
  const { metadata, spec } = policy;
  return {
    kind: "NetworkPolicy",
    apiVersion: V3,
    metadata: {
      name: `${KUBERNETES_POLICY}${metadata.name}`,
      namespace: metadata.namespace ?? "default",
      uid: reversedUid(metadata.uid),
      resourceVersion: metadata.resourceVersion,
      creationTimestamp: metadata.creationTimestamp,
    },
    spec: {
      tier: "default",
      order: POLICY_ORDER,
      selector: allOf(PODS, ...selectorTerms(spec?.podSelector)),
      types: policyTypes(policy),
      ingress: rules(spec?.ingress ?? [], "Ingress"),
      egress: rules(spec?.egress ?? [], "Egress"),
    },
  };
}
