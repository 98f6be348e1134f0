import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** One connection, as a test's agent sees it. */
export interface Caller {
  /** Any value as a line of JSON, a text as it is. */
  say(answer: unknown): void;
  hangUp(): void;
}

/** A server for tests that says what it is told to. */
export interface TestAgent extends Disposable {
  readonly path: string;
  /** Every request that came, in order. */
  readonly requests: readonly Record<string, unknown>[];
  /** How many connections there were. */
  readonly connections: number;
  /** No longer there: what is connected is cut, and nobody listens. */
  stop(): void;
  /** There again, at the same path. */
  start(): void;
}

export type Behaviour = (request: Record<string, unknown>, caller: Caller) => void;

/** In a directory of its own, or at `path`. */
export function startTestAgent(behaviour: Behaviour, path?: string): TestAgent {
  const directory = path === undefined ? mkdtempSync(join(tmpdir(), "tortie-agent-")) : undefined;
  const socketPath = path ?? join(directory ?? "", "agent.sock");
  const requests: Record<string, unknown>[] = [];
  let connections = 0;
  let server: Bun.UnixSocketListener<{ rest: string }> | undefined;

  function start(): void {
    rmSync(socketPath, { force: true });
    server = Bun.listen<{ rest: string }>({
      unix: socketPath,
      socket: {
        open(socket) {
          connections++;
          socket.data = { rest: "" };
        },
        data(socket, bytes) {
          const lines = (socket.data.rest + bytes.toString()).split("\n");
          socket.data.rest = lines.pop() ?? "";
          for (const line of lines) {
            const request = JSON.parse(line) as Record<string, unknown>;
            requests.push(request);
            behaviour(request, {
              say: (answer) =>
                void socket.write(typeof answer === "string" ? answer : `${JSON.stringify(answer)}\n`),
              hangUp: () => void socket.end(),
            });
          }
        },
      },
    });
  }

  function stop(): void {
    server?.stop(true);
    server = undefined;
    rmSync(socketPath, { force: true });
  }

  start();
  return {
    path: socketPath,
    requests,
    get connections() {
      return connections;
    },
    stop,
    start,
    [Symbol.dispose]() {
      stop();
      if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
    },
  };
}
