import { join } from "node:path";

/** Where plugin and agent meet, unless both are told otherwise. A reboot empties it. */
export const RUN_DIRECTORY = "/run/tortie";

/** What outlives a reboot, where Calico has it: the MTU of pods. */
export const STATE_DIRECTORY = "/var/lib/calico";

/** What lies in the run directory. */
export interface RunPaths {
  readonly directory: string;
  /** The agent listens here. */
  readonly socket: string;
  /** One record for each container, `CONTAINERID.json`. */
  readonly endpoints: string;
  /** One file for each container that the plugin works for just now, `CONTAINERID`. */
  readonly locks: string;
  /** Since when the plugin has found no agent. */
  readonly agentAway: string;
  /** Whose leases were looked through since the machine started; ipam/ makes it, its lock and what it is written to first. */
  readonly bootMark: string;
}

export function runPaths(directory: string = RUN_DIRECTORY): RunPaths {
  return {
    directory,
    socket: join(directory, "agent.sock"),
    endpoints: join(directory, "endpoints"),
    locks: join(directory, "locks"),
    agentAway: join(directory, "agent-away"),
    bootMark: join(directory, "boot-id"),
  };
}
