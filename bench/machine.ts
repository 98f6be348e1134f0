import type { Target } from "../compile.ts";
import { cpus, release, totalmem } from "node:os";

/** Where and of what figures were taken. */
export interface Machine {
  readonly processor: string;
  readonly processors: number;
  readonly memoryBytes: number;
  /** As `uname -r` says it. */
  readonly kernel: string;
  readonly bun: string;
  /** What was measured; with `+` behind it where files differ from the commit. */
  readonly commit: string;
}

/** What runs here. */
export const OWN_TARGET: Target = process.arch === "arm64" ? "arm64" : "x64";

function git(...words: readonly string[]): string {
  return Bun.spawnSync(["git", ...words], { cwd: import.meta.dir, stderr: "ignore" })
    .stdout.toString()
    .trim();
}

export function machineOfNow(): Machine {
  const all = cpus();
  const changed = git("status", "--porcelain", "--untracked-files=no") === "" ? "" : "+";
  return {
    processor: all[0]?.model.trim() ?? "unknown",
    processors: all.length,
    memoryBytes: totalmem(),
    kernel: release(),
    bun: Bun.version,
    commit: `${git("rev-parse", "--short=12", "HEAD") || "unknown"}${changed}`,
  };
}

/** One line for people. */
export function machineText({ processor, processors, memoryBytes, kernel, bun, commit }: Machine): string {
  const memory = `${Math.round(memoryBytes / 2 ** 30)} GiB`;
  return `${processors} × ${processor}, ${memory}, Linux ${kernel}, Bun ${bun}, commit ${commit}`;
}
