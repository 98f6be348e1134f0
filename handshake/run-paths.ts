import { join } from "node:path";

/** Where plugin and agent meet, unless both are told otherwise. A reboot empties it. */
export const RUN_DIRECTORY = "/run/tortie";

/** What lies in the run directory. */
export interface RunPaths {
  readonly directory: string;
  /** The agent listens here. */
  readonly socket: string;
  /** One record for each container, `CONTAINERID.json`. */
  readonly endpoints: string;
}

export function runPaths(directory: string = RUN_DIRECTORY): RunPaths {
  return { directory, socket: join(directory, "agent.sock"), endpoints: join(directory, "endpoints") };
}
