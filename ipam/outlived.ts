import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { IpamError } from "./ipam-error.ts";

export interface OutlivedOptions {
  readonly containerId: string;
  /** Milliseconds until it is given up: whoever frees the addresses then must be called again. */
  readonly deadline?: number;
  readonly everyMilliseconds?: number;
  /** Where the kernel tells of processes. */
  readonly processes?: string;
}

const DEADLINE = 20_000;
const NAME = "host-local\n";

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // The process has ended, or is none.
    return "";
  }
}

/** The processes that lease for the container, as directories. */
function leasing(containerId: string, processes: string): string[] {
  const wanted = [`CNI_CONTAINERID=${containerId}`, "CNI_COMMAND=ADD"];
  return readdirSync(processes)
    .filter((name) => /^\d+$/.test(name) && textOf(join(processes, name, "comm")) === NAME)
    .map((name) => join(processes, name))
    .filter((path) => {
      const variables = textOf(join(path, "environ")).split("\0");
      return wanted.every((one) => variables.includes(one));
    });
}

/**
 * Waits for a host-local that a killed plugin has left behind, for example before a disk that does not answer: what it
 * leases after the container's addresses were freed would be nobody's. To be called before, where ADD may have been broken
 * off. It is not killed: of a lease that it has half written nobody would know whose it is. Takes a few milliseconds
 * where there is none.
 *
 * @throws IpamError, of kind `hung`.
 */
export async function awaitOutlived(options: OutlivedOptions): Promise<void> {
  const { containerId, deadline = DEADLINE, everyMilliseconds = 10, processes = "/proc" } = options;
  const limit = performance.now() + deadline;
  let left = leasing(containerId, processes);
  while (left.length > 0) {
    const [first = ""] = left;
    if (performance.now() > limit)
      throw new IpamError("hung", {
        tried: `wait for the host-local that was started for container ${containerId} by a plugin that is no more`,
        found: `process ${first.slice(first.lastIndexOf("/") + 1)} did not end within ${deadline / 1000} s`,
        next: "see whether another process holds the lock in the lease directory, or its disk does not answer; the runtime tries again",
      });
    await Bun.sleep(everyMilliseconds);
    left = left.filter((path) => existsSync(path) && textOf(join(path, "comm")) === NAME);
  }
}
