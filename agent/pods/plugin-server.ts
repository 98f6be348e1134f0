import { existsSync, mkdirSync, readFileSync, unlinkSync } from "node:fs";
import type { Request } from "../../handshake/messages.ts";
import type { RunPaths } from "../../handshake/run-paths.ts";
import { errorCodeOrMessage } from "../../model/error-code.ts";
import { peerCredentials } from "../../native/peer-credentials.ts";
import type { Log } from "../log.ts";
import { type Caller, openConnection, type PluginConnection } from "./plugin-connection.ts";

export interface PluginServerOptions {
  readonly paths: RunPaths;
  readonly answer: (request: Request, caller: Caller) => Promise<void>;
  readonly log: Log;
  /** Between two looks whether the socket is there, and two attempts to make it. */
  readonly lookMilliseconds?: number;
  /** The user at the other end of a socket. */
  readonly peerUser?: (fd: number) => number;
}

/** The unix socket that the CNI plugin calls. */
export interface PluginServer extends Disposable {
  /** Why nobody can call; undefined: anybody can. */
  readonly trouble: string | undefined;
  /** Ends when the plugin could call for the first time. */
  readonly listening: Promise<void>;
}

/** Nobody but the node's root wires pods. */
const ROOT = 0;
/** Leaves 0600 of a new file. */
const UMASK = 0o177;

type Listener = Bun.UnixSocketListener<PluginConnection | undefined>;

/** Whether somebody listens there. Who is too busy to be connected to looks like nobody to Bun, so the kernel's list counts, too. */
async function isTaken(path: string): Promise<boolean> {
  try {
    const socket = await Bun.connect({ unix: path, socket: { data() {} } });
    socket.end();
    return true;
  } catch {
    const list = readFileSync("/proc/net/unix", "utf8");
    return list.split("\n").some((line) => line.endsWith(` ${path}`));
  }
}

function listenHere({ paths, answer, log, peerUser }: Required<PluginServerOptions>): Listener {
  // Between listening and a later chmod anybody could connect.
  const umask = process.umask(UMASK);
  try {
    return Bun.listen<PluginConnection | undefined>({
      unix: paths.socket,
      socket: {
        open(socket) {
          // Bun gives the descriptor, and its types do not say so.
          const user = peerUser((socket as unknown as { readonly fd: number }).fd);
          if (user !== ROOT) {
            log.write("warning", "somebody who is not root called the plugin's socket", { user });
            socket.data = undefined;
            socket.end();
            return;
          }
          socket.data = openConnection({
            end: { write: (bytes) => socket.write(bytes), close: () => socket.terminate() },
            answer,
            strange: (why) => log.write("warning", "misunderstood on the plugin's socket", { why }),
          });
        },
        data: ({ data }, bytes) => data?.data(bytes),
        drain: ({ data }) => data?.drain(),
        close: ({ data }) => data?.closed(),
        error: ({ data }) => data?.closed(),
      },
    });
  } finally {
    process.umask(umask);
  }
}

/**
 * Listens from now on. Where that cannot be, for example while another agent still does, it goes on trying: policy does
 * not wait for it. Disposing removes the socket.
 */
export function servePlugin(given: PluginServerOptions): PluginServer {
  const options = {
    lookMilliseconds: 1_000,
    peerUser: (fd: number): number => peerCredentials(fd).uid,
    ...given,
  };
  const { paths, log, lookMilliseconds } = options;
  let listener: Listener | undefined;
  let trouble: string | undefined;
  let closed = false;
  const listening = Promise.withResolvers<void>();

  function tellTrouble(text: string): void {
    if (trouble !== text) log.write("error", "the CNI plugin cannot call", { why: text });
    trouble = text;
  }

  async function listen(): Promise<void> {
    try {
      mkdirSync(paths.directory, { recursive: true, mode: 0o700 });
      if (existsSync(paths.socket)) {
        if (await isTaken(paths.socket)) {
          return tellTrouble(`somebody else answers on ${paths.socket}: another agent? next: stop it`);
        }
        if (closed) return;
        unlinkSync(paths.socket);
      }
      listener = listenHere(options);
      trouble = undefined;
      listening.resolve();
      log.write("info", "the CNI plugin can call", { socket: paths.socket });
    } catch (error) {
      tellTrouble(`cannot listen on ${paths.socket}: the system says ${errorCodeOrMessage(error)}`);
    }
  }

  async function look(): Promise<void> {
    if (listener !== undefined && existsSync(paths.socket)) return;
    // Somebody took the file away: whoever is connected stays, nobody else could come.
    listener?.stop();
    listener = undefined;
    await listen();
  }

  let looking: Promise<void> = listen();
  const timer = setInterval(() => {
    looking = looking.then(() => (closed ? undefined : look()));
  }, lookMilliseconds);

  return {
    get trouble() {
      return trouble;
    },
    listening: listening.promise,
    [Symbol.dispose]() {
      closed = true;
      clearInterval(timer);
      // Removes the file, too.
      listener?.stop(true);
      listener = undefined;
    },
  };
}
