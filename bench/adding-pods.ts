#!/usr/bin/env bun
// How long ADD of our CNI plugin takes beside ptp of containernetworking, both with host-local: bun bench/adding-pods.ts --help
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build, tortieEntrypoints } from "../compile.ts";
import { type Measured, measureAdds } from "./adding-pods/measure.ts";

const HELP = `bun bench/adding-pods.ts [--runs N] [--pods N]

On a node in a network namespace, with the agent running and N pods (100) wired before, pods are added one after another,
in turn by \`tortie cni\`, compiled as it is shipped, and by ptp: N of each (100). The time is that of the plugin's process,
from its start to its end. As root, or inside unshare -rn.
`;
const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "100" },
    pods: { type: "string", default: "100" },
    help: { type: "boolean", short: "h", default: false },
  },
});

function quantile(sorted: readonly number[], share: number): string {
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN).toFixed(1);
}

/** The goal: p50 no longer than ptp's, what the agent takes counted apart. */
function verdict(measured: readonly Measured[]): string {
  const median = (what: Measured["what"]): number => {
    const sorted = measured.find((one) => one.what === what)?.milliseconds.toSorted((a, b) => a - b) ?? [];
    return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  };
  const ratio = median("  without it") / median("ptp");
  const reached = ratio <= 1 ? "reached" : "missed";
  return `${ratio.toFixed(2)} times as long as ptp without the agent's part; goal: no longer, ${reached}\n`;
}

function row({ what, milliseconds }: Measured): string {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const cells = [0.5, 0.9, 0.99].map((share) => quantile(sorted, share).padStart(8));
  return `${what.padEnd(44)}${cells.join("")}\n`;
}

const [runs, pods] = [Number(values.runs), Number(values.pods)];
if (values.help || !Number.isInteger(runs) || runs < 1 || !Number.isInteger(pods) || pods < 0) {
  process.stdout.write(HELP);
  process.exitCode = values.help ? 0 : 1;
} else {
  const directory = mkdtempSync(join(tmpdir(), "tortie-bench-"));
  try {
    const executable = await build("x64", directory, tortieEntrypoints());
    process.stdout.write(`ADD, ${runs} of each, ${pods} pods there before\n`);
    process.stdout.write(
      `${"milliseconds".padEnd(44)}${["p50", "p90", "p99"].map((name) => name.padStart(8)).join("")}\n`,
    );
    const measured = await measureAdds({ executable, directory, runs, pods });
    for (const one of measured) process.stdout.write(row(one));
    process.stdout.write(verdict(measured));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
