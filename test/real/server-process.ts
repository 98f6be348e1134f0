import { openSync, readFileSync, closeSync } from "node:fs";
import type { NetworkNamespace } from "../../native/network-namespace.ts";

export interface ServerCommand {
  readonly program: string;
  readonly args: readonly string[];
  /** Where its output goes; a restart appends to it. */
  readonly log: string;
  readonly directory: string;
  readonly network: NetworkNamespace | undefined;
}

/** One server that tests stop, kill, freeze and start again. It dies with the process that started it, however that ends. */
export class ServerProcess {
  readonly #command: ServerCommand;
  #child: Bun.Subprocess | undefined;

  constructor(command: ServerCommand) {
    this.#command = command;
  }

  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Begins it; whether it serves is asked elsewhere. */
  start(): void {
    if (this.running) throw new Error(`${this.#command.program} runs already`);
    const { program, args, log, directory, network } = this.#command;
    const out = openSync(log, "a");
    const words = ["setpriv", "--pdeathsig", "KILL", "--", program, ...args];
    const spawn = (): Bun.Subprocess =>
      Bun.spawn(words, {
        cwd: directory,
        // No proxy of the machine between the servers of a test.
        env: { PATH: process.env["PATH"] ?? "", HOME: directory },
        stdin: "ignore",
        stdout: out,
        stderr: out,
      });
    try {
      this.#child = network === undefined ? spawn() : network.run(spawn);
    } finally {
      closeSync(out);
    }
  }

  async #end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    if (this.#child === undefined) return;
    this.#child.kill(signal);
    await this.#child.exited;
  }

  /** Asks it to end, and waits until it did. */
  stop(): Promise<void> {
    this.thaw();
    return this.#end("SIGTERM");
  }

  /** Ends it at once; its connections are reset. */
  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  /** It answers no more, while the kernel still takes connections for it. */
  freeze(): void {
    this.#child?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child?.kill("SIGCONT");
  }

  /** The last lines that it wrote. */
  said(): string {
    return readFileSync(this.#command.log, "utf8").slice(-4000);
  }
}
