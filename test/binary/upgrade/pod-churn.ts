import type { AgentNode } from "../../netns/cni/agent-node.ts";

export interface ChurnReport {
  readonly added: number;
  /** Answers of ADD with code 11, after which the runtime tries again. */
  readonly triedAgain: number;
  /** Everything else that a verb said. */
  readonly failures: readonly string[];
}

/** Pods that come and go without pause, each wired by whatever plugin lies there at that moment. */
export interface PodChurn {
  /** Once as many pods more have come and gone. */
  more(pods: number): Promise<void>;
  stop(): Promise<ChurnReport>;
}

const TRY_AGAIN_LATER = 11;
/** A pod that is refused for that long is a failure. */
const MOST_TRIES = 200;

/** `plugin`: the path that a runtime calls. Pods are called `churn-0` and so on, one for each that comes and goes at once. */
export function startPodChurn(world: AgentNode, plugin: string, atOnce: number): PodChurn {
  let [added, triedAgain, stopped] = [0, 0, false];
  const failures: string[] = [];
  const { node } = world;
  const options = { command: [plugin] };

  async function comeAndGo(name: string): Promise<void> {
    world.announce(name);
    const container = node.container(name);
    // Who stops it changes it.
    // oxlint-disable-next-line no-unmodified-loop-condition
    while (!stopped) {
      let tries = 0;
      let said = await node.call("ADD", container, options);
      while (
        said.exitCode !== 0 &&
        (said.output as { code?: number } | undefined)?.code === TRY_AGAIN_LATER
      ) {
        triedAgain++;
        if (++tries > MOST_TRIES) break;
        said = await node.call("ADD", container, options);
      }
      if (said.exitCode === 0) added++;
      else failures.push(`ADD: ${JSON.stringify(said)}`);
      const gone = await node.call("DEL", container, options);
      if (gone.exitCode !== 0) failures.push(`DEL: ${JSON.stringify(gone)}`);
    }
  }

  const working = Promise.all(Array.from({ length: atOnce }, (_, at) => comeAndGo(`churn-${at}`)));
  return {
    more: async (pods) => {
      const wanted = added + pods;
      const isDone = (): boolean => added >= wanted || failures.length > 0;
      while (!isDone()) await Bun.sleep(10);
    },
    stop: async () => {
      stopped = true;
      await working;
      return { added, triedAgain, failures };
    },
  };
}
