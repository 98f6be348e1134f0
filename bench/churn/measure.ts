import { type AgentProcess, startAgentProcess } from "../measured-agent/agent-process.ts";
import { benchNamespace } from "../measured-agent/bench-namespace.ts";
import { joinedGaps, type LoopGaps } from "../measured-agent/loop-gaps.ts";
import { processCpuSeconds, processMemory } from "../measured-agent/process-usage.ts";
import type { ClusterOptions } from "../scripted-cluster/cluster.ts";
import type { Load } from "../scripted-cluster/server-messages.ts";
import { startClusterServer } from "../scripted-cluster/server-process.ts";
import { driftFrom } from "./drift.ts";
import { watchKernelArrivals } from "./kernel-arrivals.ts";

export interface Churn extends ClusterOptions {
  readonly podChangesPerSecond: number;
  readonly policyChangesPerSecond: number;
  /**
   * Before anything counts changes come for so long, twenty times as fast, and again so long as they come later: what the
   * agent remembers of values seen lately is full then, as it is after minutes anywhere, and the heap swept.
   */
  readonly warmUpSeconds: number;
  /** Between them nothing changes, and table and objects are compared. */
  readonly stretches: number;
  readonly stretchSeconds: number;
  /** How long the agent has, once changes end, to bring the table to where it must be. */
  readonly tidySeconds: number;
}

export interface ChurnContext {
  /** The agent. */
  readonly command: readonly string[];
  /** Whether it has a clock, as buildMeasuredAgent()'s has. */
  readonly clock: boolean;
  readonly directory: string;
  readonly progress: (text: string) => void;
}

/** What a second of changes cost the agent. */
export interface ChurnSecond {
  /** Of one CPU. An agent with a clock needs 0.01 to 0.02 of it for that. */
  readonly cpuShare: number;
  readonly residentBytes: number;
}

export interface Churned {
  /** Of each stretch. */
  readonly stretches: readonly (readonly ChurnSecond[])[];
  /** How long the changes took, of the time that they should have taken: 1 where the server kept its pace. */
  readonly pace: number;
  /** From the API server into the kernel, each probe. */
  readonly milliseconds: readonly number[];
  /** Probes that never came into the kernel. */
  readonly missing: number;
  readonly gaps: LoopGaps;
  /** What the table held otherwise than a fresh one, after each stretch. */
  readonly drift: readonly (readonly string[])[];
}

const SECOND_MILLISECONDS = 1_000;
const WARM_UP_TIMES = 20;

/** Looks at the agent every second until `done`. */
async function* everySecond({ pid }: AgentProcess, done: Promise<unknown>): AsyncGenerator<ChurnSecond> {
  let over = false;
  const end = done.then(() => (over = true));
  let [at, spent] = [performance.now(), processCpuSeconds(pid)];
  for (;;) {
    await Promise.race([end, Bun.sleep(SECOND_MILLISECONDS)]);
    if (over) return;
    const [now, nowSpent] = [performance.now(), processCpuSeconds(pid)];
    const cpuShare = (nowSpent - spent) / ((now - at) / 1_000);
    [at, spent] = [now, nowSpent];
    yield { cpuShare, residentBytes: processMemory(pid).bytes };
  }
}

/** The load of so many seconds. */
function loadOf(churn: Churn, seconds: number): Load {
  const count = (perSecond: number): number => Math.round(perSecond * seconds);
  const podChanges = count(churn.podChangesPerSecond);
  return { podChanges, policyChanges: count(churn.policyChangesPerSecond), seconds };
}

/** A cluster changes at an even pace beside an agent, and nothing else does. */
export async function measureChurn(churn: Churn, context: ChurnContext): Promise<Churned> {
  const { command, clock, directory, progress } = context;
  const { size, seed, age, localOneIn, namespaceOneIn } = churn;
  using namespace = benchNamespace();
  using arrivals = await watchKernelArrivals(namespace);
  await using server = await startClusterServer({
    namespace,
    directory,
    size,
    way: "streaming",
    seed,
    age,
    localOneIn,
    namespaceOneIn,
    arrived: (some) => arrivals.expect(some),
  });
  const environment = { TORTIE_GRACESECONDS: "0" };
  await using agent = startAgentProcess({ namespace, command, url: server.url, directory, environment });
  await agent.logged("settled");
  const seconds = churn.warmUpSeconds;
  await server.change({ ...loadOf(churn, seconds * WARM_UP_TIMES), seconds });
  await server.change(loadOf(churn, seconds));
  arrivals.forget();
  let took = 0;
  const [stretches, gaps, drift]: [ChurnSecond[][], LoopGaps[], (readonly string[])[]] = [[], [], []];
  for (let stretch = 0; stretch < churn.stretches; stretch++) {
    if (clock) await agent.gaps();
    const changing = server.change(loadOf(churn, churn.stretchSeconds));
    stretches.push(await Array.fromAsync(everySecond(agent, changing)));
    took += await changing;
    if (clock) gaps.push(await agent.gaps());
    const found = await driftFrom(await server.objects(), {
      namespace,
      milliseconds: churn.tidySeconds * 1_000,
    });
    drift.push(found);
    for (const line of found.slice(0, 20)) progress(`drift: ${line}`);
  }
  for (const { message, ...fields } of agent.errors) progress(`agent: ${message} ${JSON.stringify(fields)}`);
  const { milliseconds, missing, lost } = arrivals;
  if (lost !== undefined) throw new Error(`events of the kernel were lost (${lost}): run it again alone`);
  const pace = took / (churn.stretches * churn.stretchSeconds);
  return { stretches, pace, milliseconds, missing, gaps: joinedGaps(gaps), drift };
}
