import type { ApiObject } from "../../test/api-server/store.ts";
import { APPS, type ClusterSize, localStride, namespaceName, NODE, teamName, TEAMS } from "./cluster-size.ts";
import { podName, podObject, type PodPlan } from "./pod-object.ts";
import { policyObject, type PolicyPlan, teamPeers } from "./policy-object.ts";

const PODS_PER_NODE = 110;
const REPLICAS = 3;

/** Addresses from here on are other nodes': 10.0.0.0/24 is the node's own. */
export const FIRST_ELSEWHERE = 256;

export function addressOf(index: number): string {
  return `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
}

export function namespaceObject(name: string, team: string): ApiObject {
  const labels = { "kubernetes.io/metadata.name": name, team };
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels }, status: { phase: "Active" } };
}

export function nodeObject(): ApiObject {
  const spec = { podCIDR: "10.0.0.0/24", podCIDRs: ["10.0.0.0/24"] };
  return { apiVersion: "v1", kind: "Node", metadata: { name: NODE }, spec };
}

/** Ingress from one app of one team's namespaces, for everybody in one namespace. */
export function plannedPolicy(index: number, { namespaces, policies }: ClusterSize): PolicyPlan {
  const step = Math.max(1, Math.floor(namespaces / policies));
  return {
    name: `from-team-${index}`,
    namespace: namespaceName((index * step) % namespaces),
    direction: "Ingress",
    podSelector: {},
    peers: teamPeers(index % TEAMS, index % APPS),
    ports: [{ port: 80 }, { port: "http", protocol: "TCP" }],
  };
}

/** A pod of a Deployment with three replicas in one namespace, on nodes of 110 pods. */
export function plannedPod(index: number, size: ClusterSize): PodPlan {
  const { namespaces, local } = size;
  const deployment = Math.floor(index / REPLICAS);
  const stride = localStride(size);
  const isLocal = index % stride === 0 && index / stride < local;
  const plan = {
    number: index,
    deployment,
    namespace: namespaceName(deployment % namespaces),
    app: `app-${Math.floor(deployment / namespaces) % APPS}`,
    version: `v${deployment % 7}`,
    node: isLocal ? NODE : `node-${Math.floor(index / PODS_PER_NODE)}`,
    address: addressOf(isLocal ? index / stride + 1 : index + FIRST_ELSEWHERE),
    phase: "Running",
    restarts: 0,
  } as const;
  return { ...plan, name: podName(plan) };
}

/** Everything of a new cluster of that size, one by one. */
export function* clusterObjects(size: ClusterSize): Iterable<ApiObject> {
  yield nodeObject();
  for (let at = 0; at < size.namespaces; at++) yield namespaceObject(namespaceName(at), teamName(at));
  for (let at = 0; at < size.policies; at++) yield policyObject(plannedPolicy(at, size));
  for (let at = 0; at < size.pods; at++) yield podObject(plannedPod(at, size));
}
