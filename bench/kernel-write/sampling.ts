import type { Batch } from "../../dataplane/nft/batch.ts";
import type { DrivenChange } from "./driven-node.ts";
import type { Replayer, Writer } from "./replayers.ts";

/** A change and its undoing, as the driver carried them out. */
export interface ReplayedChange {
  readonly come: Pick<DrivenChange, "write" | "tidy">;
  readonly go: Pick<DrivenChange, "write" | "tidy">;
}

/** In seconds. */
export interface Samples {
  /** Until something new was in force. */
  readonly write: number[];
  /** Until it was out of force again. */
  readonly removal: number[];
  /** What nothing used any more after either: empty where there is nothing. */
  readonly tidy: number[];
}

export interface SamplingOptions {
  readonly rounds: number;
  /** Changes that come and go in one round. */
  readonly changes: Readonly<Record<Writer, number>>;
}

function carryOutAll(replayer: Replayer, batches: readonly Batch[]): number {
  let seconds = 0;
  for (const batch of batches) seconds += replayer.carryOut(batch);
  return seconds;
}

function sample(replayer: Replayer, { come, go }: ReplayedChange, samples: Samples): void {
  samples.write.push(carryOutAll(replayer, come.write));
  const first = carryOutAll(replayer, come.tidy);
  samples.removal.push(carryOutAll(replayer, go.write));
  const second = carryOutAll(replayer, go.tidy);
  if (come.tidy.length > 0) samples.tidy.push(first);
  if (go.tidy.length > 0) samples.tidy.push(second);
}

const emptySamples = (): Samples => ({ write: [], removal: [], tidy: [] });

/** All take turns, so that what disturbs the machine disturbs them alike. A first round, which warms up, does not count. */
export function sampleInTurns(
  replayers: readonly Replayer[],
  changes: readonly ReplayedChange[],
  options: SamplingOptions,
): Map<Writer, Samples> {
  const found = new Map(replayers.map(({ writer }) => [writer, emptySamples()]));
  for (let round = -1; round < options.rounds; round++) {
    for (const replayer of replayers) {
      const samples = (round < 0 ? undefined : found.get(replayer.writer)) ?? emptySamples();
      const count = options.changes[replayer.writer];
      for (let at = 0; at < count; at++) {
        const change = changes[(Math.max(round, 0) * count + at) % changes.length];
        if (change !== undefined) sample(replayer, change, samples);
      }
    }
  }
  return found;
}
