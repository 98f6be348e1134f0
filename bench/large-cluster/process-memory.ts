import { readFileSync } from "node:fs";

export interface ProcessMemory {
  readonly megabytes: number;
  /** Since the process started. */
  readonly peakMegabytes: number;
}

/** Resident memory of a process, as /proc/PID/status tells it. */
export function processMemory(pid: number): ProcessMemory {
  const text = readFileSync(`/proc/${pid}/status`, "utf8");
  const kilobytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1]);
  return { megabytes: kilobytes("VmRSS") / 1024, peakMegabytes: kilobytes("VmHWM") / 1024 };
}
