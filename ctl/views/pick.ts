import type { ServedKind } from "../kinds.ts";
import { v1NetworkPolicies, v3NetworkPolicies } from "./network-policy.ts";
import { v1Nodes, v3Nodes } from "./node.ts";
import { v1Profiles, v3Profiles } from "./profile.ts";
import type { View } from "./view.ts";
import { v1WorkloadEndpoints, v3WorkloadEndpoints } from "./workload-endpoint.ts";

/** calicoctl's API of 2016, and today's. */
export type ViewVersion = "v1" | "v3";

const VIEWS: Readonly<Record<ServedKind, Readonly<Record<ViewVersion, View>>>> = {
  WorkloadEndpoint: { v1: v1WorkloadEndpoints, v3: v3WorkloadEndpoints },
  Node: { v1: v1Nodes, v3: v3Nodes },
  Profile: { v1: v1Profiles, v3: v3Profiles },
  NetworkPolicy: { v1: v1NetworkPolicies, v3: v3NetworkPolicies },
};

export interface Asked {
  readonly kind: ServedKind;
  /** What --view says. */
  readonly version: ViewVersion | undefined;
  readonly namespace: string | undefined;
  readonly allNamespaces: boolean;
  /** A table, not yaml or json. */
  readonly table: boolean;
}

export interface Picked {
  readonly view: View;
  /** Whose resources are listed; undefined: those of all namespaces. */
  readonly namespace: string | undefined;
  /** Whether a table begins with the namespace. */
  readonly namespaceColumn: boolean;
}

/**
 * The view of a kind. -n and -A are today's options, and ask for today's API; without them endpoints are those of
 * all namespaces, their table that of 2016, and policies those of the namespace `default`, as today.
 */
export function pickView({ kind, version, namespace, allNamespaces, table }: Asked): Picked {
  const scoped = allNamespaces || namespace !== undefined;
  const endpoints = kind === "WorkloadEndpoint";
  const picked = version ?? (endpoints && table && !scoped ? "v1" : "v3");
  const view = VIEWS[kind][picked];
  const everywhere = allNamespaces || endpoints || picked === "v1";
  return {
    view,
    namespace: namespace ?? (everywhere || !view.namespaced ? undefined : "default"),
    namespaceColumn: view.namespaced && (scoped || (picked === "v3" && everywhere)),
  };
}
