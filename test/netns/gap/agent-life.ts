import { join } from "node:path";
import type { NetworkNamespace } from "../../../native/network-namespace.ts";

const MAIN = join(import.meta.dir, "../../../main.ts");

export interface AgentLifeOptions {
  /** Instead of `tortie agent` from its source. */
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** One life of the real agent, from its start to the signal that ends it. */
export class AgentLife {
  readonly #process: Bun.Subprocess<"ignore", "pipe", "pipe">;
  #log = "";
  #news: PromiseWithResolvers<void> = Promise.withResolvers();
  #ended = false;

  constructor(node: NetworkNamespace, manifests: string, options: AgentLifeOptions = {}) {
    const { command = [process.execPath, MAIN, "agent"], environment = {} } = options;
    const env = {
      PATH: process.env["PATH"] ?? "",
      NODENAME: "node",
      DATASTORE_PATH: manifests,
      TORTIE_RUNDIRECTORY: join(manifests, ".run"),
      TORTIE_STATEDIRECTORY: join(manifests, ".state"),
      FELIX_HEALTHPORT: "0",
      ...environment,
    };
    this.#process = node.run(() =>
      Bun.spawn([...command], { env, stdin: "ignore", stdout: "pipe", stderr: "pipe" }),
    );
    void this.#listen();
  }

  /** Ends when as many changes as this reached the kernel in this life. Throws when the agent ended before. */
  async settled(times: number): Promise<void> {
    while (this.#log.split('"message":"settled"').length - 1 < times) {
      if (this.#ended) throw new Error(`the agent ended: ${this.#log}${await this.#process.stderr.text()}`);
      await this.#news.promise;
    }
  }

  /** Once the first change has reached the kernel; the complaint of an agent that ended before that. */
  async settledOrEnded(): Promise<string | undefined> {
    while (!this.#log.includes('"message":"settled"')) {
      if (this.#ended) return this.#process.stderr.text();
      await this.#news.promise;
    }
    return undefined;
  }

  /** Answers the exit code; null after SIGKILL. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.#process.kill(signal);
    await this.#process.exited;
    return this.#process.exitCode;
  }

  async kill(): Promise<void> {
    await this.end("SIGKILL");
  }

  async #listen(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of this.#process.stdout) {
      this.#log += decoder.decode(chunk, { stream: true });
      this.#tell();
    }
    this.#ended = true;
    this.#tell();
  }

  #tell(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }
}
