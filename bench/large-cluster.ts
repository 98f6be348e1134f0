#!/usr/bin/env bun
// How long `tortie agent` takes to know a large cluster, and what that costs: bun bench/large-cluster.ts --help
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build, tortieEntrypoints } from "../compile.ts";
import { NetworkNamespace } from "../native/network-namespace.ts";
import type { ClusterSize } from "./large-cluster/objects.ts";
import { type Milestone, run, type Way } from "./large-cluster/run.ts";

const HELP = `bun bench/large-cluster.ts [--pods N] [--way streaming|lists] [--settle SECONDS]

A server in a process of its own holds N pods of 3 kB (150000), a namespace for each 15 and a policy for each 150 of them,
110 pods of this node. The agent, compiled as it is shipped, reads them and writes its rules in a network namespace.
Both ways of listing are measured if none is named. As root, or inside unshare -rn.
`;
const GOAL = "goal: in sync below 8 s, peak 350 MB, settled 200 MB, no gap above 50 ms\n";

const { values } = parseArgs({
  options: {
    pods: { type: "string", default: "150000" },
    way: { type: "string" },
    settle: { type: "string", default: "40" },
    help: { type: "boolean", short: "h", default: false },
  },
});

function line(cells: readonly string[]): string {
  const [first = "", ...rest] = cells;
  return `${first.padEnd(28)}${rest.map((cell) => cell.padStart(10)).join("")}\n`;
}

function row({ what, seconds, memory, gap }: Milestone): string {
  const { megabytes, peakMegabytes } = memory;
  return line([
    what,
    seconds.toFixed(1),
    ...[megabytes, peakMegabytes, gap].map((value) => value.toFixed(0)),
  ]);
}

async function measure(size: ClusterSize, ways: readonly Way[], settledAfterSeconds: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "tortie-bench-"));
  try {
    using namespace = NetworkNamespace.create();
    namespace.run(() => Bun.spawnSync(["ip", "link", "set", "lo", "up"]));
    // The workers too: only the program that is run first differs.
    const [, ...workers] = tortieEntrypoints();
    const agent = new URL("large-cluster/measured-agent.ts", import.meta.url).pathname;
    const executable = await build("x64", directory, [agent, ...workers]);
    const { pods, namespaces, policies, local } = size;
    for (const way of ways) {
      process.stdout.write(
        `${pods} pods (${way}), ${namespaces} namespaces, ${policies} policies, ${local} pods of this node\n`,
      );
      process.stdout.write(line(["", "seconds", "MB", "peak MB", "gap ms"]));
      const milestones = run({ namespace, size, way, executable, directory, settledAfterSeconds });
      for await (const milestone of milestones) process.stdout.write(row(milestone));
    }
    process.stdout.write(GOAL);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const pods = Number(values.pods);
if (values.help || !Number.isInteger(pods) || pods < 1) {
  process.stdout.write(HELP);
  process.exitCode = values.help ? 0 : 1;
} else {
  const size: ClusterSize = {
    pods,
    namespaces: Math.max(1, Math.floor(pods / 15)),
    policies: Math.max(1, Math.floor(pods / 150)),
    local: Math.min(110, pods),
  };
  const ways: readonly Way[] =
    values.way === undefined ? ["streaming", "lists"] : [values.way === "lists" ? "lists" : "streaming"];
  await measure(size, ways, Number(values.settle));
}
