import { NetlinkWriter } from "../../dataplane/nft/netlink-writer.ts";
import { NetworkNamespace } from "../../native/network-namespace.ts";
import type { ApiObject } from "../../test/api-server/store.ts";
import { type Result, resultOf } from "../result.ts";
import type { ClusterSize } from "../scripted-cluster/cluster-size.ts";
import type { Laps } from "./laps.ts";
import { openSteppedAgent, type SteppedAgent } from "./stepped-agent.ts";
import { passingPod, VARIANTS, watchLine } from "./watch-lines.ts";
import { openWholeAgent } from "./whole-agent.ts";

export interface ProfileOptions {
  readonly size: ClusterSize;
  /** So many pods come and go until everything is compiled to machine code. */
  readonly warmUp: number;
  readonly counted: number;
  readonly progress: (text: string) => void;
}

interface Profiled {
  podLine(bytes: Uint8Array, counts: boolean): Promise<unknown>;
}

/** Of the pods that could pass by, those that policies of this node's pods let in; and into how many sets they come. */
async function peersAmong(
  agent: SteppedAgent,
  size: ClusterSize,
): Promise<{ readonly peers: readonly ApiObject[]; readonly sets: readonly number[] }> {
  const found: { readonly pod: ApiObject; readonly commands: number }[] = [];
  for (let at = 0; at < VARIANTS; at++) {
    const pod = passingPod(at, size);
    const commands = await agent.podLine(watchLine("ADDED", pod), false);
    await agent.podLine(watchLine("DELETED", pod), false);
    if (commands > 0) found.push({ pod, commands });
  }
  if (found.length === 0) throw new Error("no pod of another node is anybody's peer in the bench's cluster");
  return { peers: found.map(({ pod }) => pod), sets: found.map(({ commands }) => commands) };
}

/** Pods that come are counted; between them they go, so that the cluster stays the same. */
async function letPass(
  agent: Profiled,
  pods: readonly ApiObject[],
  { warmUp, counted }: ProfileOptions,
): Promise<void> {
  for (let at = 0; at < warmUp + counted; at++) {
    const pod = pods[at % pods.length];
    if (pod === undefined) continue;
    await agent.podLine(watchLine("ADDED", pod), at >= warmUp);
    await agent.podLine(watchLine("DELETED", pod), false);
  }
}

function stepResults(path: string, { pods }: ClusterSize, { samples }: Laps): Result[] {
  return [...samples].map(([step, seconds]) => {
    const labels = { path, step, pods: String(pods) };
    return resultOf({ metric: "path_step_seconds", labels, unit: "seconds" }, seconds);
  });
}

/** The steps of both paths, one by one, and then what the agent as a whole takes for the same. */
export async function* profile(options: ProfileOptions): AsyncGenerator<Result, void, undefined> {
  const { size, progress } = options;
  const pods = String(size.pods);
  using namespace = NetworkNamespace.create();
  let peers: readonly ApiObject[];
  progress(`path-profile: ${pods} pods, step by step`);
  {
    using writer = namespace.run(() => new NetlinkWriter());
    await using agent = await openSteppedAgent(writer, size);
    const found = await peersAmong(agent, size);
    ({ peers } = found);
    await letPass(agent, peers, options);
    yield* stepResults("event to batch", size, agent.toBatch);
    yield* stepResults("batch to kernel", size, agent.toKernel);
    yield resultOf({ metric: "path_batch_commands", labels: { pods }, unit: "count" }, found.sets);
  }
  progress(`path-profile: ${pods} pods, as the agent runs`);
  using other = NetworkNamespace.create();
  using writer = other.run(() => new NetlinkWriter());
  await using agent = await openWholeAgent(writer, size);
  await letPass(agent, peers, options);
  yield* stepResults("whole agent", size, agent.laps);
}
