import { startAgentProcess } from "../measured-agent/agent-process.ts";
import { benchNamespace } from "../measured-agent/bench-namespace.ts";
import { gapsText, loopResults } from "../measured-agent/loop-gaps.ts";
import { type ProcessMemory, processMemory } from "../measured-agent/process-usage.ts";
import { type Result, resultOf } from "../result.ts";
import { clusterSize, type Way } from "../scripted-cluster/cluster-size.ts";
import { wallClock } from "../scripted-cluster/server-messages.ts";
import { startClusterServer } from "../scripted-cluster/server-process.ts";

export interface ColdStart {
  readonly pods: number;
  readonly policies: number;
  readonly local: number;
  readonly way: Way;
  /** From the first rules to the look at the settled memory: nothing happens in the cluster meanwhile. */
  readonly settleSeconds: number;
  /** How long the cluster then changes, at 100 pods and 10 policies a second: the loop's steady state. */
  readonly steadySeconds: number;
}

export interface ColdStartContext {
  /** buildMeasuredAgent()'s. */
  readonly agent: string;
  readonly directory: string;
  readonly progress: (text: string) => void;
}

/** One agent's start beside a cluster of that size, from a process of its own. */
export async function* measureColdStart(
  { pods, policies, local, way, settleSeconds, steadySeconds }: ColdStart,
  { agent: executable, directory, progress }: ColdStartContext,
): AsyncGenerator<Result> {
  const labels = { pods: String(pods), policies: String(policies), way };
  const seconds = (metric: string, value: number): Result =>
    resultOf({ metric, labels, unit: "seconds" }, [value]);
  const memory = (state: string, bytes: number): Result =>
    resultOf({ metric: "resident_memory_bytes", labels: { ...labels, state }, unit: "bytes" }, [bytes]);

  using namespace = benchNamespace();
  const size = clusterSize({ pods, policies, local });
  const changes = { size, seed: 1, age: 0, localOneIn: 50, namespaceOneIn: 500 };
  await using server = await startClusterServer({ namespace, directory, way, ...changes });
  const began = wallClock();
  await using agent = startAgentProcess({ namespace, command: [executable], url: server.url, directory });
  const since = (): number => (performance.now() - agent.startedAt) / 1_000;
  await agent.logged("in sync");
  const inSync = since();
  yield seconds("cold_start_in_sync_seconds", inSync);
  await agent.logged("settled");
  const inForce = since();
  yield seconds("cold_start_seconds", inForce);
  await Bun.sleep(settleSeconds * 1_000);
  const settled: ProcessMemory = processMemory(agent.pid);
  yield memory("peak", settled.peakBytes);
  yield memory("settled", settled.bytes);
  const starting = await agent.gaps();
  yield* loopResults(starting, { ...labels, phase: "starting" });

  const count = (perSecond: number): number => perSecond * steadySeconds;
  await server.change({ podChanges: count(100), policyChanges: count(10), seconds: steadySeconds });
  const steady = await agent.gaps();
  yield* loopResults(steady, { ...labels, phase: "steady" });
  progress(
    `${pods} pods, ${policies} policies, ${way}: in sync after ${inSync.toFixed(1)} s, in force after ${inForce.toFixed(1)} s; ` +
      `longest gaps: ${gapsText(starting, began)}; under changes: ${gapsText(steady, began)}`,
  );
  if (agent.errors.length > 0) throw new Error(`the agent logged errors: ${JSON.stringify(agent.errors)}`);
}
