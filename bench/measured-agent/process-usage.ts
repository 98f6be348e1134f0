import { readFileSync } from "node:fs";

export interface ProcessMemory {
  /** Resident now. */
  readonly bytes: number;
  /** Since the process started. */
  readonly peakBytes: number;
}

/** Of a process' time in user and kernel mode: `getconf CLK_TCK`, which Linux has had at this for all programs to see. */
const TICKS_PER_SECOND = 100;

/** Resident memory of a process, as /proc/PID/status tells it. */
export function processMemory(pid: number): ProcessMemory {
  const text = readFileSync(`/proc/${pid}/status`, "utf8");
  const bytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1]) * 1_024;
  return { bytes: bytes("VmRSS"), peakBytes: bytes("VmHWM") };
}

/** CPU seconds that a process has used since it started, all threads, in steps of 10 ms. */
export function processCpuSeconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name stands in parentheses and may hold anything.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [user, system] = [Number(fields[11]), Number(fields[12])];
  return (user + system) / TICKS_PER_SECOND;
}
