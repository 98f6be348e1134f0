import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { NetworkNamespace } from "../../native/network-namespace.ts";
import { type ClusterSize, NODE } from "./objects.ts";
import { type ProcessMemory, processMemory } from "./process-memory.ts";

/** How the server tells what there is: by a watch with initial events, or by lists as servers before 1.32 do. */
export type Way = "streaming" | "lists";

export interface RunOptions {
  /** Where server and agent meet: nobody else's rules are touched. */
  readonly namespace: NetworkNamespace;
  readonly size: ClusterSize;
  readonly way: Way;
  /** measured-agent.ts, compiled as the agent itself is. */
  readonly executable: string;
  readonly directory: string;
  readonly settledAfterSeconds: number;
}

export interface Milestone {
  readonly what: string;
  /** Since the agent's start. */
  readonly seconds: number;
  readonly memory: ProcessMemory;
  /** The longest time in milliseconds that the event loop did not turn since the milestone before. */
  readonly gap: number;
}

type Child = Bun.Subprocess<"ignore", "pipe", "inherit">;

async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of stream) {
    const parts = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}

async function longestGap(pid: number, file: string): Promise<number> {
  rmSync(file, { force: true });
  process.kill(pid, "SIGUSR2");
  for (;;) {
    await Bun.sleep(20);
    try {
      const text = readFileSync(file, "utf8");
      if (text.endsWith("\n")) return Number(text);
    } catch {
      // Not written yet.
    }
  }
}

/** Starts a server that holds the cluster and an agent that reads it, and tells what it costs the agent. */
export async function* run(options: RunOptions): AsyncGenerator<Milestone, void> {
  const { namespace, size, way, executable, directory, settledAfterSeconds } = options;
  const gaps = join(directory, "gaps");
  const children: Child[] = [];

  function start(words: readonly string[], environment: Readonly<Record<string, string>>): Child {
    const env = { ...process.env, ...environment };
    const child = namespace.run(() =>
      Bun.spawn([...words], { env, stdin: "ignore", stdout: "pipe", stderr: "inherit" }),
    );
    children.push(child);
    return child;
  }

  try {
    const script = new URL("server.ts", import.meta.url).pathname;
    const numbers = [size.pods, size.namespaces, size.policies, size.local].map(String);
    const server = start([process.execPath, script, ...numbers, way], {});
    const { value: url = "" } = await lines(server.stdout).next();
    const begun = performance.now();
    const agent = start([executable], {
      DATASTORE_TYPE: "kubernetes",
      K8S_API_ENDPOINT: url,
      NODENAME: NODE,
      FELIX_HEALTHPORT: "0",
      TORTIE_BENCH_GAPS: gaps,
    });
    const reached = async (what: string): Promise<Milestone> => {
      const seconds = (performance.now() - begun) / 1_000;
      const memory = processMemory(agent.pid);
      return { what, seconds, memory, gap: await longestGap(agent.pid, gaps) };
    };
    for await (const line of lines(agent.stdout)) {
      const { message } = JSON.parse(line) as { message: string };
      if (message === "in sync") yield await reached("in sync");
      if (message !== "settled") continue;
      yield await reached("rules in the kernel");
      break;
    }
    await Bun.sleep(settledAfterSeconds * 1_000);
    yield await reached(`settled (${settledAfterSeconds} s later)`);
  } finally {
    for (const child of children) child.kill("SIGKILL");
    await Promise.all(children.map(({ exited }) => exited));
  }
}
