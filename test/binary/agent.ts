import type { NetworkNamespace } from "../../native/network-namespace.ts";

/** An agent with an environment of its own, killed at the end. */
export class Agent implements AsyncDisposable {
  readonly #process: Bun.Subprocess<"ignore", "pipe", "pipe">;
  #said = "";

  constructor(network: NetworkNamespace, command: readonly string[]) {
    const environment = { PATH: process.env["PATH"] ?? "", NODENAME: "node", DATASTORE_PATH: "/manifests" };
    this.#process = network.run(() =>
      Bun.spawn([...command], { env: environment, stdin: "ignore", stdout: "pipe", stderr: "pipe" }),
    );
    void this.#listen(this.#process.stdout);
    void this.#listen(this.#process.stderr);
  }

  /** Waits until the condition holds; throws with what the agent said where it ends before that. */
  async until(condition: () => Promise<boolean>): Promise<void> {
    while (!(await condition())) {
      const { exitCode, signalCode } = this.#process;
      if (exitCode !== null || signalCode !== null) {
        throw new Error(`the agent ended with ${exitCode ?? signalCode}: ${this.#said}`);
      }
      await Bun.sleep(10);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.exited;
  }

  async #listen(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) this.#said += decoder.decode(chunk, { stream: true });
  }
}
