import { join } from "node:path";
import type { NetworkNamespace } from "../../../native/network-namespace.ts";

const MAIN = join(import.meta.dir, "../../../main.ts");

/** One life of the real agent, from its start to SIGKILL. */
export class AgentLife {
  readonly #process: Bun.Subprocess<"ignore", "pipe", "pipe">;
  #log = "";
  #news: PromiseWithResolvers<void> = Promise.withResolvers();
  #ended = false;

  constructor(node: NetworkNamespace, manifests: string) {
    const env = {
      PATH: process.env["PATH"] ?? "",
      NODENAME: "node",
      DATASTORE_PATH: manifests,
      TORTIE_RUNDIRECTORY: join(manifests, ".run"),
      TORTIE_STATEDIRECTORY: join(manifests, ".state"),
      FELIX_HEALTHPORT: "0",
    };
    this.#process = node.run(() =>
      Bun.spawn([process.execPath, MAIN, "agent"], { env, stdin: "ignore", stdout: "pipe", stderr: "pipe" }),
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

  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.exited;
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
