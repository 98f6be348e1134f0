import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NetworkNamespace } from "../../native/network-namespace.ts";
import { type Answer, askHealth, type RunningAgent, startTortie, until } from "./running-agent.ts";

export { type Answer, type RunningAgent, until } from "./running-agent.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;

/** One node: a network namespace and a directory of manifests, with agents that are killed at the end. */
export class Sandbox {
  readonly namespace: NetworkNamespace;
  readonly #root: string;
  readonly #agents: Bun.Subprocess[] = [];

  constructor() {
    this.namespace = NetworkNamespace.create();
    this.#root = mkdtempSync(join(tmpdir(), "tortie-agent-"));
    this.command("ip", "link", "set", "lo", "up");
    for (const name of ["ipv4/ip_forward", "ipv6/conf/all/forwarding"])
      this.namespace.run(() => writeFileSync(`/proc/sys/net/${name}`, "1"));
    mkdirSync(this.manifests);
  }

  get manifests(): string {
    return join(this.#root, "manifests");
  }

  /** Where the agent meets the CNI plugin. */
  get run(): string {
    return join(this.#root, "run");
  }

  path(name: string): string {
    return join(this.#root, name);
  }

  /** Runs a command inside and gives its standard output. */
  command(...words: string[]): string {
    const done = this.namespace.run(() => Bun.spawnSync(words));
    if (!done.success) throw new Error(`${words.join(" ")}: ${done.stderr.toString()}`);
    return done.stdout.toString();
  }

  write(name: string, text: string): Promise<number> {
    return Bun.write(join(this.manifests, name), text);
  }

  environment(changes: Readonly<Record<string, string>> = {}): Record<string, string> {
    const PATH = process.env["PATH"] ?? "";
    return {
      PATH,
      NODENAME: "node-1",
      DATASTORE_PATH: this.manifests,
      TORTIE_RUNDIRECTORY: this.run,
      TORTIE_STATEDIRECTORY: this.path("state"),
      ...changes,
    };
  }

  /** `tortie WORDS` inside. */
  start(words: readonly string[] = ["agent"], changes: Readonly<Record<string, string>> = {}): RunningAgent {
    const agent = startTortie(this.namespace, words, this.environment(changes));
    this.#agents.push(agent.process);
    return agent;
  }

  /** An agent whose standard output is a pipe that this process keeps open and reads only when it wants to. */
  startIntoPipe(pipe: string): Bun.Subprocess {
    const line = [process.execPath, MAIN, "agent"];
    const child = this.namespace.run(() =>
      Bun.spawn(["sh", "-c", 'exec "$@" > "$0"', pipe, ...line], { env: this.environment() }),
    );
    this.#agents.push(child);
    return child;
  }

  /** Asks the agent's health server; undefined while nobody listens. */
  get(path: string, accept?: string): Promise<Answer | undefined> {
    return askHealth(this.namespace, path, accept);
  }

  async untilReady(): Promise<void> {
    await until(async () => (await this.get("/readiness"))?.status === 200);
  }

  [Symbol.dispose](): void {
    for (const agent of this.#agents) agent.kill("SIGKILL");
    this.namespace[Symbol.dispose]();
    rmSync(this.#root, { recursive: true, force: true });
  }
}
