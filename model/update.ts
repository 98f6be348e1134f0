import type { Endpoint, EndpointId, Namespace } from "./endpoint.ts";
import type { Node } from "./node.ts";
import type { Policy, PolicyId } from "./policy.ts";
import { unreachable } from "./unreachable.ts";

/** One object's present value; undefined: it is gone. Repeating an update changes nothing. */
export type Update =
  | { readonly kind: "namespace"; readonly name: string; readonly value: Namespace | undefined }
  | { readonly kind: "endpoint"; readonly id: EndpointId; readonly value: Endpoint | undefined }
  | { readonly kind: "policy"; readonly id: PolicyId; readonly value: Policy | undefined }
  | { readonly kind: "node"; readonly name: string; readonly value: Node | undefined };

/** Everything that decides verdicts, and nothing of how it came to be. */
export interface ClusterState {
  readonly namespaces: ReadonlyMap<string, Namespace>;
  readonly endpoints: ReadonlyMap<EndpointId, Endpoint>;
  readonly policies: ReadonlyMap<PolicyId, Policy>;
  /** This node, where the datastore knows it. */
  readonly nodes: ReadonlyMap<string, Node>;
}

export interface MutableClusterState extends ClusterState {
  readonly namespaces: Map<string, Namespace>;
  readonly endpoints: Map<EndpointId, Endpoint>;
  readonly policies: Map<PolicyId, Policy>;
  readonly nodes: Map<string, Node>;
}

export function emptyClusterState(): MutableClusterState {
  return { namespaces: new Map(), endpoints: new Map(), policies: new Map(), nodes: new Map() };
}

function put<Key, Value>(map: Map<Key, Value>, key: Key, value: Value | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}

/** Takes one update into the state. */
export function fold(state: MutableClusterState, update: Update): void {
  switch (update.kind) {
    case "namespace":
      return put(state.namespaces, update.name, update.value);
    case "endpoint":
      return put(state.endpoints, update.id, update.value);
    case "policy":
      return put(state.policies, update.id, update.value);
    case "node":
      return put(state.nodes, update.name, update.value);
    default:
      return unreachable(update);
  }
}
