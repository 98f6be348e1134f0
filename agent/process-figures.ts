import { readdirSync } from "node:fs";
import type { ProcessFigures } from "../health/metrics/figures.ts";

function openFiles(): number {
  try {
    // The directory itself is one while it is read.
    return readdirSync("/proc/self/fd").length - 1;
  } catch {
    return 0;
  }
}

/** What this process takes of the machine, as of now. */
export function processFigures(): ProcessFigures {
  const { user, system } = process.cpuUsage();
  return {
    cpuSeconds: (user + system) / 1e6,
    residentBytes: process.memoryUsage.rss(),
    openFiles: openFiles(),
    startedAtSeconds: Math.round(performance.timeOrigin) / 1_000,
  };
}
