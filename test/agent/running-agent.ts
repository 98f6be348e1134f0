import type { NetworkNamespace } from "../../native/network-namespace.ts";

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

/** `tortie WORDS` inside a namespace; `before`: a command that ends by running the words after it. */
export function startTortie(
  network: NetworkNamespace,
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
  before: readonly string[] = [],
): RunningAgent {
  const command = [...before, process.execPath, MAIN, ...words];
  const child = network.run(() => Bun.spawn(command, { env: environment, stdout: "pipe", stderr: "pipe" }));
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

export interface Question {
  readonly path: string;
  readonly port?: number;
  readonly hostname?: string;
  readonly accept?: string;
}

/** Asks an agent's server; undefined while nobody listens. A socket of our own: fetch may live in another namespace. */
export async function ask(
  network: NetworkNamespace,
  { path, port = HEALTH_PORT, hostname = "127.0.0.1", accept = "*/*" }: Question,
): Promise<Answer | undefined> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let text = "";
  try {
    await network.run(() =>
      Bun.connect({
        hostname,
        port,
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

/** Asks an agent's health server. */
export function askHealth(
  network: NetworkNamespace,
  path: string,
  accept = "*/*",
): Promise<Answer | undefined> {
  return ask(network, { path, accept });
}
