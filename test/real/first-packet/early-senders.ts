import { readdirSync } from "node:fs";
import { join } from "node:path";
import { NetworkNamespaceError } from "../../../native/network-namespace-error.ts";
import { NetworkNamespace } from "../../../native/network-namespace.ts";
import type { FullNode } from "./node.ts";

/** Goes into the network of each new pod as soon as the runtime has made it, before the plugin is called, and sends. */
export interface EarlySenders extends Disposable {
  /** How many networks it went into. */
  readonly networks: number;
}

export function startEarlySenders({ machine, earlySender }: FullNode): EarlySenders {
  const directory = join(machine.root, "run/netns");
  const names = (): string[] => {
    try {
      return readdirSync(directory);
    } catch {
      return [];
    }
  };
  const known = new Set(names());
  const children: Bun.Subprocess[] = [];
  const stopping = new AbortController();

  function enter(name: string): void {
    try {
      using network = NetworkNamespace.open(join(directory, name));
      children.push(
        network.run(() => Bun.spawn([earlySender, "on"], { stdio: ["ignore", "ignore", "ignore"] })),
      );
      known.add(name);
    } catch (error) {
      // A file that is not a namespace yet, or is none any more.
      if (!(error instanceof NetworkNamespaceError)) throw error;
    }
  }

  async function watch(): Promise<void> {
    while (!stopping.signal.aborted) {
      for (const name of names()) if (!known.has(name)) enter(name);
      await Bun.sleep(1);
    }
  }
  void watch();
  return {
    get networks() {
      return children.length;
    },
    [Symbol.dispose]: () => {
      stopping.abort();
      for (const child of children) child.kill("SIGKILL");
    },
  };
}
