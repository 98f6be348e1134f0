import type { AgentHealth } from "../components.ts";
import type { Figures } from "./figures.ts";

/** An agent that is well, with a number of its own for each thing that is counted. */
export const HEALTH: AgentHealth = {
  datastore: { kind: "connected" },
  inSync: true,
  problems: [],
  conditions: [
    { kind: "notice", text: "a" },
    { kind: "failure", text: "b" },
    { kind: "notice", text: "c" },
  ],
  applied: true,
  settlingSince: undefined,
  failure: undefined,
  refused: ["chain x"],
  counts: {
    endpoints: 11,
    programs: 12,
    peerSets: 13,
    localPolicies: 14,
    clusterPolicies: 15,
    clusterEndpoints: 16,
  },
  table: () => ({ chains: 21, sets: 22, elements: 23, grace: false, ownershipNote: "" }),
  passes: { unchanged: 31, applied: 32, degraded: 33, failed: 34 },
  podNetwork: { socket: "/run/a.sock", trouble: undefined, pods: 41, waiting: ["x/a: no datastore", "x/b"] },
};

export const FIGURES: Figures = {
  version: "1.2.3",
  health: HEALTH,
  longestGapSeconds: 0.051,
  process: { cpuSeconds: 61.5, residentBytes: 62, openFiles: 63, startedAtSeconds: 64.5 },
};
