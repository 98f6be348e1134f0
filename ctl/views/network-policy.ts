import { networkPolicy } from "../../adapters/kubernetes/calico/kubernetes-policy.ts";
import { KUBERNETES_POLICY, toNetworkPolicy } from "../../adapters/kubernetes/calico/network-policy.ts";
import { toV1Policy, V1_POLICY } from "../../adapters/kubernetes/calico/v1-policy.ts";
import { isNamespaceName, isObjectName } from "../../adapters/objects/names.ts";
import { listingOf, type Query, readAs, type Shown, v3List, type View } from "./view.ts";

const GROUP = "networking.k8s.io";

type ShowPolicy = (object: unknown) => Shown;

function showV3(object: unknown): Shown {
  const resource = toNetworkPolicy(readAs("NetworkPolicy", networkPolicy, object));
  const { metadata, spec } = resource;
  const cells = {
    NAME: metadata.name,
    NAMESPACE: metadata.namespace ?? "default",
    TIER: spec.tier,
    ORDER: String(spec.order),
    SELECTOR: spec.selector,
  };
  return { resource, cells };
}

function showV1(object: unknown): Shown {
  const policy = readAs("NetworkPolicy", networkPolicy, object);
  const resource = toV1Policy(policy);
  const { metadata, spec } = resource;
  const cells = {
    NAME: metadata.name,
    NAMESPACE: policy.metadata.namespace ?? "default",
    ORDER: String(spec.order),
    SELECTOR: spec.selector,
  };
  return { resource, cells };
}

function query(show: ShowPolicy, at: { namespace?: string | undefined; name?: string }): Query {
  return { listing: listingOf(GROUP, "networkpolicies", at), show };
}

/** `NAME`, and as Calico called it from time to time: `knp.default.NAME` or with `NAMESPACE.NAME` behind a prefix. */
function named(show: ShowPolicy, name: string, namespace: string | undefined): Query[] {
  const queries: Query[] = isObjectName(name) ? [query(show, { namespace, name })] : [];
  const prefix = [KUBERNETES_POLICY, V1_POLICY].find((known) => name.startsWith(known));
  if (prefix === undefined) return queries;
  const own = name.slice(prefix.length);
  if (prefix === KUBERNETES_POLICY && isObjectName(own)) queries.push(query(show, { namespace, name: own }));
  const dot = own.indexOf(".");
  const [inside, rest] = [own.slice(0, dot), own.slice(dot + 1)];
  if (dot > 0 && isNamespaceName(inside) && isObjectName(rest)) {
    queries.push(query(show, { namespace: inside, name: rest }));
  }
  return queries;
}

export const v3NetworkPolicies: View = {
  kind: "NetworkPolicy",
  namespaced: true,
  headings: { ps: ["NAME", "TIER"], wide: ["NAME", "TIER", "ORDER", "SELECTOR"] },
  allHeadings: ["NAME", "NAMESPACE", "TIER", "ORDER", "SELECTOR"],
  queries: (namespace) => [query(showV3, { namespace })],
  named: (name, namespace) => named(showV3, name, namespace),
  list: (resources, versions) => v3List("NetworkPolicy", resources, versions),
};

export const v1NetworkPolicies: View = {
  kind: "NetworkPolicy",
  namespaced: true,
  headings: { ps: ["NAME"], wide: ["NAME", "ORDER", "SELECTOR"] },
  allHeadings: ["NAME", "NAMESPACE", "ORDER", "SELECTOR"],
  queries: (namespace) => [query(showV1, { namespace })],
  named: (name, namespace) => named(showV1, name, namespace),
  list: (resources) => resources,
};
