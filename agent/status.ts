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
    applies: "",
    podNetwork: undefined,
  };
}
