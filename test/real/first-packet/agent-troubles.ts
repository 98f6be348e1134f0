import { until } from "../../agent/running-agent.ts";
import type { FullNode } from "./node.ts";
import { sandboxes } from "./sandboxes.ts";

/** Something that is wrong with the agent for a while. */
export interface Trouble {
  /** Before pods are asked for. */
  begin(node: FullNode): void | Promise<void>;
  /** Once they are: for what comes in the middle of an ADD. */
  meanwhile?(node: FullNode): Promise<void>;
  end(node: FullNode): void | Promise<void>;
}

/** Of a fifth of a second it has so much. */
const RUNS_MILLISECONDS = 10;
const STANDS_MILLISECONDS = 190;

function slowly(): Trouble {
  const stopping = new AbortController();
  let done = Promise.resolve();
  return {
    begin: ({ agent }) => {
      done = (async () => {
        while (!stopping.signal.aborted) {
          agent.freeze();
          await Bun.sleep(STANDS_MILLISECONDS);
          agent.thaw();
          await Bun.sleep(RUNS_MILLISECONDS);
        }
      })();
    },
    end: async () => {
      stopping.abort();
      await done;
    },
  };
}

/** Waits until the plugin has given a pod its addresses: it asks the agent then. */
async function adding({ machine }: FullNode, before: ReadonlySet<string>): Promise<void> {
  await until(() =>
    sandboxes(machine).some(({ containerId, addresses }) => addresses.length > 0 && !before.has(containerId)),
  );
}

export const troubles: Readonly<
  Record<"none" | "slow" | "stopped" | "killedInMidAdd" | "absent", () => Trouble>
> = {
  none: (): Trouble => ({ begin: () => undefined, end: () => undefined }),
  slow: slowly,
  stopped: (): Trouble => ({ begin: ({ agent }) => agent.freeze(), end: ({ agent }) => agent.thaw() }),
  killedInMidAdd: (): Trouble => {
    let before = new Set<string>();
    return {
      begin: ({ agent, machine }) => {
        before = new Set(sandboxes(machine).map(({ containerId }) => containerId));
        // It would be done before anybody could kill it.
        agent.freeze();
      },
      meanwhile: async (node) => {
        await adding(node, before);
        await node.agent.kill();
      },
      end: ({ agent }) => agent.start(),
    };
  },
  absent: (): Trouble => ({ begin: ({ agent }) => agent.kill(), end: ({ agent }) => agent.start() }),
};
