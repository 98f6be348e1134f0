import type { Endpoint, EndpointId, Namespace } from "./endpoint.ts";
import type { Cidr } from "./cidr.ts";
import type { IpPool } from "./ip-pool.ts";
import type { Node } from "./node.ts";
import type { Policy, PolicyId } from "./policy.ts";
import { unreachable } from "./unreachable.ts";

/** One object's present value; undefined: it is gone. Repeating an update changes nothing. */
export type Update =
  | { readonly kind: "namespace"; readonly name: string; readonly value: Namespace | undefined }
  | { readonly kind: "endpoint"; readonly id: EndpointId; readonly value: Endpoint | undefined }
  | { readonly kind: "policy"; readonly id: PolicyId; readonly value: Policy | undefined }
  | { readonly kind: "node"; readonly name: string; readonly value: Node | undefined }
  | { readonly kind: "pool"; readonly cidr: Cidr; readonly value: IpPool | undefined };

/** Everything that decides verdicts, and nothing of how it came to be. */
export interface ClusterState {
  readonly namespaces: ReadonlyMap<string, Namespace>;
  readonly endpoints: ReadonlyMap<EndpointId, Endpoint>;
  readonly policies: ReadonlyMap<PolicyId, Policy>;
  /** This node, where the datastore knows it. */
  readonly nodes: ReadonlyMap<string, Node>;
  readonly pools: ReadonlyMap<Cidr, IpPool>;
}

export interface MutableClusterState extends ClusterState {
  readonly namespaces: Map<string, Namespace>;
  readonly endpoints: Map<EndpointId, Endpoint>;
  readonly policies: Map<PolicyId, Policy>;
  readonly nodes: Map<string, Node>;
  readonly pools: Map<Cidr, IpPool>;
}

export function emptyClusterState(): MutableClusterState {
  return {
    namespaces: new Map(),
    endpoints: new Map(),
    policies: new Map(),
    nodes: new Map(),
    pools: new Map(),
  };
}

/** Which object an update is about: two of one kind with the same name are about the same one. */
export function updateName(update: Update): string {
  switch (update.kind) {
    case "namespace":
    case "node":
      return update.name;
    case "endpoint":
    case "policy":
      return update.id;
    case "pool":
      return update.cidr;
    default:
      return unreachable(update);
  }
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
    case "pool":
      return put(state.pools, update.cidr, update.value);
    default:
      return unreachable(update);
  }
}
