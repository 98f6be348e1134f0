import { readFileSync } from "node:fs";
import { until } from "../../../agent/running-agent.ts";
import type { Machine } from "../../machine.ts";

/** What the kernel says of a process: what really is in force, whatever the manifest asked for. */
export interface ProcessFacts {
  /** Hexadecimal, as in /proc/PID/status; bit 12 is CAP_NET_ADMIN. */
  readonly capabilities: {
    readonly effective: string;
    readonly permitted: string;
    readonly bounding: string;
  };
  /** 2: a filter. */
  readonly seccomp: string;
  readonly noNewPrivileges: string;
  readonly user: string;
  /** Of its root directory, such as `ro,relatime`. */
  readonly rootOptions: string;
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch {
    // It ended meanwhile.
    return "";
  }
}

/** The process that runs these words on the machine, for example `tortie agent`. */
export function findProcess(machine: Machine, command: string): number | undefined {
  return machine.processes().find((pid) => commandOf(pid) === command);
}

/** Throws where the process has ended. */
export function processFacts(pid: number): ProcessFacts {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const field = (name: string): string => new RegExp(`^${name}:\\s+(.*)$`, "m").exec(status)?.[1] ?? "";
  const mounts = readFileSync(`/proc/${pid}/mountinfo`, "utf8");
  return {
    capabilities: { effective: field("CapEff"), permitted: field("CapPrm"), bounding: field("CapBnd") },
    seccomp: field("Seccomp"),
    noNewPrivileges: field("NoNewPrivs"),
    user: field("Uid"),
    rootOptions: /^\d+ \d+ \S+ \S+ \/ (\S+) /m.exec(mounts)?.[1] ?? "",
  };
}

/** Waits for a process that lives for a moment only, and reads what it may do. */
export async function factsOfShortLived(machine: Machine, command: string): Promise<ProcessFacts> {
  let facts: ProcessFacts | undefined;
  await until(() => {
    const pid = findProcess(machine, command);
    try {
      facts = pid === undefined ? undefined : processFacts(pid);
    } catch {
      // It ended between two looks.
    }
    return facts !== undefined;
  });
  if (facts === undefined) throw new Error(`no process ran ${command}`);
  return facts;
}

/** Its resident memory in MiB: its share of all of it, and what no file stands behind. */
export function residentMemory(pid: number): { readonly share: number; readonly own: number } {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const of = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1] ?? 0) / 1024;
  return { share: of("Pss"), own: of("Pss_Anon") };
}
