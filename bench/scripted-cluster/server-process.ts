import { readFileSync } from "node:fs";
import { join } from "node:path";
import { unreachable } from "../../model/unreachable.ts";
import type { NetworkNamespace } from "../../native/network-namespace.ts";
import type { ApiObject } from "../../test/api-server/store.ts";
import type { Arrival, FromServer, Load, ServerSettings, ToServer } from "./server-messages.ts";

export interface ClusterServerOptions extends ServerSettings {
  /** Where it listens, on loopback. */
  readonly namespace: NetworkNamespace;
  readonly directory: string;
  /** Told of probes that came while the cluster changes. */
  readonly arrived?: (arrivals: readonly Arrival[]) => void;
}

/** A scripted API server with a large cluster, in a process of its own. */
export interface ClusterServer extends AsyncDisposable {
  readonly url: string;
  /** Ends when all changes were made; gives the seconds that they took. */
  change(load: Load): Promise<number>;
  /** Everything that there is now. */
  objects(): Promise<readonly ApiObject[]>;
}

const SCRIPT: string = new URL("server.ts", import.meta.url).pathname;

/** Throws where the server ends before it listens. */
export async function startClusterServer(options: ClusterServerOptions): Promise<ClusterServer> {
  const { namespace, directory, arrived = () => {}, ...settings } = options;
  const ready = Promise.withResolvers<string>();
  let changed = Promise.withResolvers<number>();
  let written = Promise.withResolvers<void>();

  function take(message: FromServer): void {
    switch (message.kind) {
      case "ready":
        return ready.resolve(message.url);
      case "arrived":
        return arrived(message.arrivals);
      case "changed":
        return changed.resolve(message.seconds);
      case "written":
        return written.resolve();
      default:
        return unreachable(message);
    }
  }

  const words = [process.execPath, SCRIPT, JSON.stringify(settings)];
  const child = namespace.run(() =>
    Bun.spawn(words, {
      stdin: "ignore",
      stdout: "inherit",
      stderr: "inherit",
      ipc: (message) => take(message as FromServer),
    }),
  );
  void child.exited.then((code) => {
    const ended = new Error(`the scripted API server ended with ${code}; what it said is above`);
    for (const waiting of [ready, changed, written]) {
      // Nobody may be waiting for it.
      waiting.promise.catch(() => {});
      waiting.reject(ended);
    }
  });
  const ask = (message: ToServer): void => child.send(message);

  return {
    url: await ready.promise,
    change(load) {
      changed = Promise.withResolvers();
      ask({ kind: "change", load });
      return changed.promise;
    },
    async objects() {
      const file = join(directory, "objects.jsonl");
      written = Promise.withResolvers();
      ask({ kind: "write", file });
      await written.promise;
      return readFileSync(file, "utf8")
        .split("\n")
        .map((line) => JSON.parse(line) as ApiObject);
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}
