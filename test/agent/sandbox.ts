import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NetworkNamespace } from "../../native/network-namespace.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;
const HEALTH_PORT = 9099;

export interface Answer {
  readonly status: number;
  readonly body: string;
}

export interface RunningAgent {
  readonly process: Bun.Subprocess;
  /** Messages of the log lines so far. */
  messages(): string[];
  /** Everything that it wrote to standard output and to standard error so far. */
  out(): string;
  err(): string;
  /** Sends the signal and answers the exit code; everything that it wrote is there then. */
  end(signal: NodeJS.Signals): Promise<number>;
  /** The exit code of an agent that ends by itself. */
  ended(): Promise<number>;
}

/** Waits until it holds; the test's own time limit ends it otherwise. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await Bun.sleep(10);
}

async function collect(stream: ReadableStream<Uint8Array>, put: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  for await (const chunk of stream) put(decoder.decode(chunk, { stream: true }));
}

/** One node: a network namespace and a directory of manifests, with agents that are killed at the end. */
export class Sandbox {
  readonly namespace: NetworkNamespace;
  readonly #root: string;
  readonly #agents: Bun.Subprocess[] = [];

  constructor() {
    this.namespace = NetworkNamespace.create();
    this.#root = mkdtempSync(join(tmpdir(), "tortie-agent-"));
    this.command("ip", "link", "set", "lo", "up");
    mkdirSync(this.manifests);
  }

  get manifests(): string {
    return join(this.#root, "manifests");
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
    return { PATH, NODENAME: "node-1", DATASTORE_PATH: this.manifests, ...changes };
  }

  /** `tortie WORDS` inside. */
  start(words: readonly string[] = ["agent"], changes: Readonly<Record<string, string>> = {}): RunningAgent {
    const child = this.namespace.run(() =>
      Bun.spawn([process.execPath, MAIN, ...words], {
        env: this.environment(changes),
        stdout: "pipe",
        stderr: "pipe",
      }),
    );
    this.#agents.push(child);
    let [out, err] = ["", ""];
    const read = Promise.all([
      collect(child.stdout, (text) => (out += text)),
      collect(child.stderr, (text) => (err += text)),
    ]);
    const ended = async (): Promise<number> => {
      await read;
      return child.exited;
    };
    return {
      process: child,
      messages: () =>
        out
          .split("\n")
          .slice(0, -1)
          .map((line) => (JSON.parse(line) as { message: string }).message),
      out: () => out,
      err: () => err,
      ended,
      end: (signal) => {
        child.kill(signal);
        return ended();
      },
    };
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

  /** Asks the agent's health server; undefined while nobody listens. A socket of our own: fetch may live in another namespace. */
  async get(path: string, accept = "*/*"): Promise<Answer | undefined> {
    const { promise, resolve } = Promise.withResolvers<string>();
    let text = "";
    try {
      await this.namespace.run(() =>
        Bun.connect({
          hostname: "127.0.0.1",
          port: HEALTH_PORT,
          socket: {
            open: (socket) =>
              void socket.write(
                `GET ${path} HTTP/1.1\r\nHost: x\r\nAccept: ${accept}\r\nConnection: close\r\n\r\n`,
              ),
            data: (_, chunk) => void (text += chunk.toString()),
            close: () => resolve(text),
            error: () => resolve(""),
          },
        }),
      );
    } catch {
      return undefined;
    }
    const [head = "", body = ""] = (await promise).split("\r\n\r\n");
    const status = Number(/^HTTP\/1.1 (\d{3})/.exec(head)?.[1] ?? 0);
    return status === 0 ? undefined : { status, body };
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
