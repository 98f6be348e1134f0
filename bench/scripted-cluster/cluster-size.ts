/** How large the cluster is. */
export interface ClusterSize {
  readonly pods: number;
  readonly namespaces: number;
  readonly policies: number;
  /** Pods of the node under test, spread over the namespaces. */
  readonly local: number;
}

/** How the server tells what there is: by a watch with initial events, or by lists as servers before 1.32 do. */
export type Way = "streaming" | "lists";

export const NODE = "node-under-test";
export const TEAMS = 20;
export const APPS = 5;

const PODS_PER_NAMESPACE = 15;

/** A cluster of so many pods and policies, with a namespace for each 15 pods. */
export function clusterSize({ pods, policies, local }: Omit<ClusterSize, "namespaces">): ClusterSize {
  const namespaces = Math.max(1, Math.floor(pods / PODS_PER_NAMESPACE));
  return { pods, namespaces, policies, local: Math.min(local, pods) };
}

export function namespaceName(index: number): string {
  return `namespace-${index}`;
}

export function teamName(index: number): string {
  return `team-${index % TEAMS}`;
}

/** Every so many pods one is of the node under test. */
export function localStride({ pods, local }: ClusterSize): number {
  return Math.floor(pods / local);
}
