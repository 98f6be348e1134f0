import type { NetworkNamespace } from "../native/network-namespace.ts";
import { httpStatus } from "./http-status.ts";
import { ownCommand } from "./own-command.ts";

const HEALTH_PORT = 9099;
/** Milliseconds; the agent is ready after some 200. */
const READY_LIMIT = 20_000;
const SETTLE_LIMIT = 20_000;
const STOP_LIMIT = 3_000;

/** The agent did not do what the demo needs of it. */
export class AgentError extends Error {
  override readonly name = "AgentError";
}

/** One line of the agent's log. */
interface LogLine {
  readonly message?: string;
  readonly level?: string;
  readonly noticedToKernelMilliseconds?: number;
}

function readLine(text: string): LogLine {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return {};
  }
}

/** The real agent, as a process of its own inside the node. */
export class AgentProcess implements AsyncDisposable {
  readonly #node: NetworkNamespace;
  readonly #process: Bun.Subprocess<"ignore", "pipe", "pipe">;
  readonly #settled: LogLine[] = [];
  readonly #complaints: string[] = [];
  #heard: PromiseWithResolvers<void> = Promise.withResolvers();

  /** `run`: where it meets the CNI plugin. */
  constructor(
    node: NetworkNamespace,
    { manifests, run }: { readonly manifests: string; readonly run: string },
  ) {
    this.#node = node;
    this.#process = node.run(() =>
      Bun.spawn(ownCommand("agent"), {
        env: {
          PATH: process.env["PATH"],
          DATASTORE_TYPE: "file",
          DATASTORE_PATH: manifests,
          TORTIE_RUNDIRECTORY: run,
          TORTIE_STATEDIRECTORY: run,
          NODENAME: "node",
          FELIX_HEALTHPORT: String(HEALTH_PORT),
        },
        stdin: "ignore",
        stdout: "pipe",
        stderr: "pipe",
      }),
    );
    void this.#listen();
    void this.#process.exited.then(() => this.#heard.resolve());
  }

  /** Ends when `/readiness` answers 200; gives how long that took in milliseconds. Throws AgentError. */
  async ready(stopping: AbortSignal): Promise<number> {
    const began = performance.now();
    for (;;) {
      stopping.throwIfAborted();
      if ((await httpStatus(this.#node, HEALTH_PORT, "/readiness")) === 200) return performance.now() - began;
      if (this.#process.exitCode !== null) throw await this.#ended();
      if (performance.now() - began > READY_LIMIT)
        throw new AgentError(`it is not ready: ${this.#lastWords()}`);
      await Bun.sleep(5);
    }
  }

  /** How many changes reached the kernel so far. */
  get passes(): number {
    return this.#settled.length;
  }

  /**
   * Ends when one more change than `passes` is in the kernel; gives the milliseconds from noticing to there.
   * Throws AgentError.
   */
  async settledAfter(passes: number, stopping: AbortSignal): Promise<number> {
    const deadline = AbortSignal.any([stopping, AbortSignal.timeout(SETTLE_LIMIT)]);
    const aborted = new Promise<void>((resolve) => deadline.addEventListener("abort", () => resolve()));
    while (this.passes <= passes) {
      await Promise.race([this.#heard.promise, aborted]);
      stopping.throwIfAborted();
      if (this.#process.exitCode !== null) throw await this.#ended();
      if (deadline.aborted) throw new AgentError(`it settled nothing: ${this.#lastWords()}`);
    }
    return this.#settled.at(-1)?.noticedToKernelMilliseconds ?? Number.NaN;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGTERM");
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), STOP_LIMIT);
    await this.#process.exited;
    clearTimeout(timer);
  }

  async #listen(): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of this.#process.stdout) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const text of lines) this.#take(text);
    }
  }

  #take(text: string): void {
    const line = readLine(text);
    if (line.level !== "info" && line.level !== "debug") this.#complaints.push(text);
    if (line.message !== "settled") return;
    this.#settled.push(line);
    this.#heard.resolve();
    this.#heard = Promise.withResolvers();
  }

  async #ended(): Promise<AgentError> {
    const said = (await this.#process.stderr.text()).trim();
    return new AgentError(`it ended with exit code ${this.#process.exitCode}: ${said}`);
  }

  #lastWords(): string {
    return this.#complaints.at(-1) ?? "it said nothing of any trouble";
  }
}
