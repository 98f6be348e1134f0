import type { ApiObject } from "../../test/api-server/store.ts";
import { teamName } from "./cluster-size.ts";

/** One rule's other side, as NetworkPolicy writes it. */
export type Peers = readonly Readonly<Record<string, unknown>>[];

/** What differs between two policies: one rule each. */
export interface PolicyPlan {
  readonly name: string;
  readonly namespace: string;
  readonly direction: "Ingress" | "Egress";
  readonly podSelector: Readonly<Record<string, unknown>>;
  /** Empty: everybody. */
  readonly peers: Peers;
  readonly ports: readonly Readonly<Record<string, unknown>>[];
}

/** One app of one team's namespaces. */
export function teamPeers(team: number, app: number): Peers {
  const namespaceSelector = { matchLabels: { team: teamName(team) } };
  return [{ namespaceSelector, podSelector: { matchLabels: { app: `app-${app}` } } }];
}

export function policyObject({
  name,
  namespace,
  direction,
  podSelector,
  peers,
  ports,
}: PolicyPlan): ApiObject {
  const sides = peers.length === 0 ? {} : { [direction === "Ingress" ? "from" : "to"]: peers };
  const rules = { [direction.toLowerCase()]: [{ ...sides, ports }] };
  const spec = { podSelector, policyTypes: [direction], ...rules };
  return { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name, namespace }, spec };
}
