#!/usr/bin/env bun
// How long `tortie agent` takes to know a large cluster, and what that costs: bun bench/large-cluster.ts [PODS] [streaming|lists] [EXECUTABLE]
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NetworkNamespace } from "../native/network-namespace.ts";
import { type ClusterSize, NODE } from "./large-cluster/objects.ts";
import { type ProcessMemory, processMemory } from "./large-cluster/process-memory.ts";

const SETTLED_AFTER_SECONDS = 40;
const GOAL = "goal: in sync below 8 s, peak 350 MB, settled 200 MB, no gap above 50 ms";
const here = (name: string): string => new URL(name, import.meta.url).pathname;

const pods = Number(process.argv[2] ?? 150_000);
const way = process.argv[3] ?? "streaming";
const executable = process.argv[4];
const size: ClusterSize = {
  pods,
  namespaces: Math.max(1, Math.floor(pods / 15)),
  policies: Math.max(1, Math.floor(pods / 150)),
  local: Math.min(110, pods),
};

using namespace = NetworkNamespace.create();
const directory = mkdtempSync(join(tmpdir(), "tortie-bench-"));
const children: Bun.Subprocess[] = [];

function start(
  words: readonly string[],
  env: Record<string, string>,
): Bun.Subprocess<"ignore", "pipe", "inherit"> {
  const child = namespace.run(() =>
    Bun.spawn([...words], {
      env: { ...process.env, ...env },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    }),
  );
  children.push(child);
  return child;
}

async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of stream) {
    const parts = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}

/** The longest time since the last question in which the agent's event loop did not turn; undefined for an executable, which nothing can be loaded into. */
async function longestGap(pid: number): Promise<number | undefined> {
  if (executable !== undefined) return undefined;
  rmSync(join(directory, "gaps"), { force: true });
  process.kill(pid, "SIGUSR2");
  for (;;) {
    await Bun.sleep(20);
    try {
      const text = readFileSync(join(directory, "gaps"), "utf8");
      if (text.endsWith("\n")) return Number(text);
    } catch {
      // Not written yet.
    }
  }
}

interface Milestone {
  readonly what: string;
  readonly seconds: number;
  readonly memory: ProcessMemory;
  readonly gap: number | undefined;
}

function row({ what, seconds, memory, gap }: Milestone): string {
  const cells = [
    seconds.toFixed(1),
    memory.megabytes.toFixed(0),
    memory.peakMegabytes.toFixed(0),
    gap?.toFixed(0) ?? "-",
  ];
  return `${what.padEnd(28)}${cells.map((cell) => cell.padStart(10)).join("")}\n`;
}

try {
  namespace.run(() => Bun.spawnSync(["ip", "link", "set", "lo", "up"]));
  const { namespaces, policies, local } = size;
  const server = start(
    [
      process.execPath,
      here("large-cluster/server.ts"),
      String(pods),
      String(namespaces),
      String(policies),
      String(local),
      way,
    ],
    {},
  );
  const { value: url = "" } = await lines(server.stdout).next();
  const words =
    executable === undefined
      ? [process.execPath, "--preload", here("large-cluster/loop-gap.ts"), here("../main.ts")]
      : [executable];
  const begun = performance.now();
  const agent = start([...words, "agent"], {
    DATASTORE_TYPE: "kubernetes",
    K8S_API_ENDPOINT: url,
    NODENAME: NODE,
    FELIX_HEALTHPORT: "0",
    TORTIE_BENCH_GAPS: join(directory, "gaps"),
  });
  const seconds = (): number => (performance.now() - begun) / 1_000;
  const reached = async (what: string): Promise<Milestone> => ({
    what,
    seconds: seconds(),
    memory: processMemory(agent.pid),
    gap: await longestGap(agent.pid),
  });
  process.stdout.write(
    `${pods} pods (${way}), ${namespaces} namespaces, ${policies} policies, ${local} pods of this node\n`,
  );
  process.stdout.write(
    `${"".padEnd(28)}${["seconds", "MB", "peak MB", "gap ms"].map((head) => head.padStart(10)).join("")}\n`,
  );
  for await (const line of lines(agent.stdout)) {
    const { message } = JSON.parse(line) as { message: string };
    if (message === "in sync") process.stdout.write(row(await reached("in sync")));
    if (message !== "settled") continue;
    process.stdout.write(row(await reached("rules in the kernel")));
    break;
  }
  await Bun.sleep(SETTLED_AFTER_SECONDS * 1_000);
  process.stdout.write(row(await reached(`settled (${SETTLED_AFTER_SECONDS} s later)`)));
  process.stdout.write(`${GOAL}\n`);
} finally {
  for (const child of children) child.kill("SIGKILL");
  rmSync(directory, { recursive: true, force: true });
}
