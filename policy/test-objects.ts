import type { Address } from "../model/address.ts";
import type { Cidr } from "../model/cidr.ts";
import { type Endpoint, type EndpointId, endpointId, type Namespace } from "../model/endpoint.ts";
import type { Labels } from "../model/labels.ts";
import { type Peer, type Policy, policyId, type PortMatch, type Rule } from "../model/policy.ts";
import { TCP } from "../model/protocol.ts";
import type { EndpointSelector, Selector } from "../model/selector.ts";
import { type ClusterState, emptyClusterState, fold, type Update } from "../model/update.ts";

/** A pod of this node with one address; `name` is `NAMESPACE/POD`. */
export function pod(name: string, address: string, changes: Partial<Endpoint> = {}): Endpoint {
  const [inNamespace = "", own = ""] = name.split("/");
  return {
    id: endpointId(inNamespace, own),
    namespace: inNamespace,
    uidOrder: 0,
    labels: { app: own },
    addresses: address === "" ? [] : (address.split(" ") as Address[]),
    ports: [],
    attachment: { kind: "address" },
    finished: false,
    deleting: false,
    startedAt: 1,
    ...changes,
  };
}

export function namespace(name: string, labels: Labels = { name }): Namespace {
  return { name, labels };
}

export function label(key: string, ...values: string[]): Selector {
  return { kind: "in", key, values };
}

/** Pods of one namespace, all of them or by the label `app`. */
export function podsOf(name: string, ...apps: string[]): EndpointSelector {
  const endpoints: Selector = apps.length === 0 ? { kind: "all" } : label("app", ...apps);
  return { namespaces: { kind: "named", name }, endpoints };
}

/** Pods of the namespaces with that label `name`. */
export function podsWhereNamespace(...names: string[]): EndpointSelector {
  return { namespaces: { kind: "labelled", selector: label("name", ...names) }, endpoints: { kind: "all" } };
}

export function peer(selector: EndpointSelector): Peer {
  return { kind: "endpoints", selector };
}

export function block(net: string, ...except: string[]): Peer {
  return { kind: "block", nets: [net as Cidr], notNets: except as Cidr[] };
}

export function port(first: number, last: number = first, protocol: number = TCP): PortMatch {
  return { kind: "range", protocol, first, last };
}

export function namedPort(name: string, protocol: number = TCP): PortMatch {
  return { kind: "named", name, protocol };
}

export function allow(peers: Rule["peers"], ports: Rule["ports"] = "everything", source = "rule"): Rule {
  return { action: "allow", peers, ports, source };
}

/** Isolates all pods of its namespace in the directions that have rules, an empty list included. */
export function policy(
  name: string,
  rules: { ingress?: readonly Rule[]; egress?: readonly Rule[] },
  changes: Partial<Policy> = {},
): Policy {
  const [inNamespace = "", own = ""] = name.split("/");
  const number = (list: readonly Rule[] = [], direction: string) =>
    list.map((rule, at) => ({ ...rule, source: `${direction}[${at}]` }));
  return {
    id: policyId("NetworkPolicy", inNamespace, own),
    title: name,
    tier: "default",
    order: 1000,
    subjects: podsOf(inNamespace),
    directions: (["ingress", "egress"] as const).filter((direction) => rules[direction] !== undefined),
    ingress: number(rules.ingress, "ingress"),
    egress: number(rules.egress, "egress"),
    ...changes,
  };
}

type Thing = Endpoint | Namespace | Policy;

export function put(thing: Thing): Update {
  if ("subjects" in thing) return { kind: "policy", id: thing.id, value: thing };
  if ("addresses" in thing) return { kind: "endpoint", id: thing.id, value: thing };
  return { kind: "namespace", name: thing.name, value: thing };
}

export function gone(thing: Thing): Update {
  return { ...put(thing), value: undefined };
}

export function cluster(...things: Thing[]): ClusterState {
  const state = emptyClusterState();
  for (const thing of things) fold(state, put(thing));
  return state;
}

export function id(name: string): EndpointId {
  return name as EndpointId;
}
