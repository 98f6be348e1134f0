import type { AgentHealth } from "../health/components.ts";

/** What the agent knows of itself: written by the loop, read by health. */
export type AgentStatus = { -readonly [Key in keyof AgentHealth]: AgentHealth[Key] };

export function createStatus(): AgentStatus {
  return {
    datastore: { kind: "waiting", for: "the datastore to be read", next: "nothing: it is being opened" },
    inSync: false,
    problems: [],
    conditions: [],
    applied: false,
    settlingSince: undefined,
    failure: undefined,
    refused: [],
    counts: {
      endpoints: 0,
      programs: 0,
      peerSets: 0,
      localPolicies: 0,
      clusterPolicies: 0,
      clusterEndpoints: 0,
    },
    table: () => ({ chains: 0, sets: 0, elements: 0, grace: false, ownershipNote: "" }),
    passes: { unchanged: 0, applied: 0, degraded: 0, failed: 0 },
    podNetwork: undefined,
  };
}
