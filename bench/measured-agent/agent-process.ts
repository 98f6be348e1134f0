import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { eachLine } from "../each-line.ts";
import type { NetworkNamespace } from "../../native/network-namespace.ts";
import { NODE } from "../scripted-cluster/cluster-size.ts";
import type { LoopGaps } from "./loop-gaps.ts";

export interface AgentProcessOptions {
  readonly namespace: NetworkNamespace;
  /** measured-agent.ts compiled, or another agent, without a clock. */
  readonly command: readonly string[];
  /** Of the API server. */
  readonly url: string;
  /** Gets one of its own below it. */
  readonly directory: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface LogLine {
  readonly time: string;
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

/** An agent that reads a scripted cluster. */
export interface AgentProcess extends AsyncDisposable {
  readonly pid: number;
  /** By performance.now(). */
  readonly startedAt: number;
  /** Its first line with these words, whenever it came; throws where the agent ends without it. */
  logged(message: string): Promise<LogLine>;
  /** Lines of the levels error and fatal so far. */
  readonly errors: readonly LogLine[];
  /** How the event loop turned since it was asked last. */
  gaps(): Promise<LoopGaps>;
}

/** `CALICO_MANAGE_CNI=true`: pods need no interface for their rules to be written. */
export function startAgentProcess(options: AgentProcessOptions): AgentProcess {
  const { namespace, command, url, environment = {} } = options;
  const directory = mkdtempSync(join(options.directory, "agent-"));
  const gapsFile = join(directory, "gaps");
  const env = {
    PATH: process.env["PATH"] ?? "",
    DATASTORE_TYPE: "kubernetes",
    K8S_API_ENDPOINT: url,
    NODENAME: NODE,
    CALICO_MANAGE_CNI: "true",
    TORTIE_RUNDIRECTORY: join(directory, "run"),
    TORTIE_STATEDIRECTORY: join(directory, "state"),
    TORTIE_BENCH_GAPS: gapsFile,
    ...environment,
  };
  const startedAt = performance.now();
  const child = namespace.run(() =>
    Bun.spawn([...command], { env, stdin: "ignore", stdout: "pipe", stderr: "inherit" }),
  );
  const first = new Map<string, LogLine>();
  const errors: LogLine[] = [];
  let told = Promise.withResolvers<void>();
  let ended = false;
  async function listen(): Promise<void> {
    for await (const text of eachLine(child.stdout)) {
      const line = JSON.parse(text) as LogLine;
      if (line.level === "error" || line.level === "fatal") errors.push(line);
      if (first.has(line.message)) continue;
      first.set(line.message, line);
      told.resolve();
      told = Promise.withResolvers();
    }
    ended = true;
    told.resolve();
  }
  const listening = listen();

  return {
    pid: child.pid,
    startedAt,
    errors,
    async logged(message) {
      for (;;) {
        const line = first.get(message);
        if (line !== undefined) return line;
        if (ended)
          throw new Error(`the agent ended before it logged "${message}": ${JSON.stringify(errors)}`);
        await told.promise;
      }
    },
    async gaps() {
      rmSync(gapsFile, { force: true });
      child.kill("SIGUSR2");
      for (;;) {
        await Bun.sleep(20);
        try {
          return JSON.parse(readFileSync(gapsFile, "utf8")) as LoopGaps;
        } catch (error) {
          if (ended) throw new Error("the agent ended and can tell nothing more", { cause: error });
        }
      }
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
      await listening;
    },
  };
}
