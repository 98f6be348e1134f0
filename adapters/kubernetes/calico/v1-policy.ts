import type {
  LabelSelector,
  NetworkPolicy,
  Peer,
  PolicyRule as KubernetesRule,
} from "./kubernetes-policy.ts";
import { POLICY_ORDER, policyTypes, type PolicyType } from "./network-policy.ts";
import type { Resource } from "./resource.ts";
import { type CalicoPort, portsByProtocol } from "./rule-ports.ts";
import { allOf, selectorTerms } from "./selector-text.ts";
import { LABEL_OF_NAMESPACE, NAMESPACE_LABEL, V1 } from "./v1-labels.ts";

/** Before the names of policies that are Kubernetes' own, `NAMESPACE.NAME`. */
export const V1_POLICY = "np.projectcalico.org/";

export interface V1Entity {
  readonly nets?: readonly string[];
  readonly notNets?: readonly string[];
  readonly selector?: string;
  readonly ports?: readonly CalicoPort[];
}

export interface V1Rule {
  readonly action: "allow";
  readonly protocol?: string | undefined;
  readonly source: V1Entity;
  readonly destination: V1Entity;
}

export interface V1PolicySpec {
  readonly order: number;
  readonly selector: string;
  readonly types: readonly string[];
  readonly ingress?: readonly V1Rule[] | undefined;
  readonly egress?: readonly V1Rule[] | undefined;
}

export type V1Policy = Resource<"policy", V1PolicySpec, { readonly name: string }>;

function podsOf(namespace: string, selector: LabelSelector | undefined): string {
  return allOf(`${NAMESPACE_LABEL} == '${namespace}'`, ...selectorTerms(selector));
}

function entityOf({ podSelector, namespaceSelector, ipBlock }: Peer, namespace: string): V1Entity {
  if (ipBlock !== undefined) {
    return { nets: [ipBlock.cidr], ...(ipBlock.except.length > 0 && { notNets: ipBlock.except }) };
  }
  if (namespaceSelector === undefined) return { selector: podsOf(namespace, podSelector) };
  const namespaces = selectorTerms(namespaceSelector, LABEL_OF_NAMESPACE);
  const some = namespaces.length === 0 ? [`has(${NAMESPACE_LABEL})`] : namespaces;
  return { selector: allOf(...some, ...selectorTerms(podSelector)) };
}

function rules(
  from: readonly KubernetesRule[],
  direction: PolicyType,
  namespace: string,
): readonly V1Rule[] | undefined {
  const made = from.flatMap(({ from: sources = [], to = [], ports }) => {
    const peers = direction === "Ingress" ? sources : to;
    const entities = peers.length === 0 ? [{}] : peers.map((peer) => entityOf(peer, namespace));
    return portsByProtocol(ports).flatMap(({ protocol, ports: allowed }) =>
      entities.map((entity): V1Rule => {
        const at = allowed === undefined ? {} : { ports: allowed };
        const [source, destination] = direction === "Ingress" ? [entity, at] : [{}, { ...entity, ...at }];
        return { action: "allow", protocol: protocol?.toLowerCase(), source, destination };
      }),
    );
  });
  return made.length === 0 ? undefined : made;
}

/** The v1 view of a policy of Kubernetes, with `types` and `egress` as the last releases of that API had them. */
export function toV1Policy(policy: NetworkPolicy): V1Policy {
  const { metadata, spec } = policy;
  const { name, namespace = "default" } = metadata;
  return {
    kind: "policy",
    apiVersion: V1,
    metadata: { name: `${V1_POLICY}${namespace}.${name}` },
    spec: {
      order: POLICY_ORDER,
      selector: podsOf(namespace, spec?.podSelector),
      types: policyTypes(policy).map((type) => type.toLowerCase()),
      ingress: rules(spec?.ingress ?? [], "Ingress", namespace),
      egress: rules(spec?.egress ?? [], "Egress", namespace),
    },
  };
}
