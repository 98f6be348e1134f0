import type { BenchContext, Measurement } from "../measurement.ts";
import type { Result } from "../result.ts";
import { clusterSize } from "../scripted-cluster/cluster-size.ts";
import { figuresOf } from "./figures.ts";
import { type Sample, takeSample } from "./sample.ts";
import { openScene } from "./scene.ts";
import { podRound, policyRound, type Step } from "./steps.ts";

export interface EventToPacketSize {
  readonly pods: number;
  readonly policies: number;
  /** Four events of policies each. */
  readonly policyRounds: number;
  /** Two events of pods each. */
  readonly podRounds: number;
}

const ROUNDS = { policyRounds: 100, podRounds: 200 };
const SIZES: readonly EventToPacketSize[] = [
  { pods: 1_000, policies: 100, ...ROUNDS },
  { pods: 10_000, policies: 100, ...ROUNDS },
];
const LARGE: EventToPacketSize = { pods: 150_000, policies: 1_000, ...ROUNDS };
const LOCAL_PODS = 110;
/** They bring code and caches to work, and show that packets follow the events at all. */
const WARM_UP_ROUNDS = 5;

/** Rounds of both kinds in turn: what disturbs the machine for a while disturbs both. */
function* stepsOf({ policyRounds, podRounds }: EventToPacketSize): Generator<Step> {
  for (let index = 0; index < Math.max(policyRounds, podRounds); index++) {
    if (index < policyRounds) yield* policyRound(index);
    if (index < podRounds) yield* podRound(index);
  }
}

/** The samples of one cluster, which is gone afterwards. */
export async function measureEvents(size: EventToPacketSize, context: BenchContext): Promise<Sample[]> {
  const { pods, policies } = size;
  const executable = await context.executable();
  await using scene = await openScene({
    size: clusterSize({ pods, policies, local: LOCAL_PODS }),
    executable,
    directory: `${context.directory}/${pods}`,
    progress: context.progress,
  });
  const samples: Sample[] = [];
  const warm = stepsOf({ ...size, policyRounds: WARM_UP_ROUNDS, podRounds: WARM_UP_ROUNDS });
  const warming = [...warm].length;
  const all = stepsOf({
    ...size,
    policyRounds: size.policyRounds + WARM_UP_ROUNDS,
    podRounds: size.podRounds + WARM_UP_ROUNDS,
  });
  for (const step of all) samples.push(await takeSample(scene, step));
  return samples.slice(warming);
}

export const eventToPacket: Measurement = {
  name: "event-to-packet",
  summary: "from a policy or a pod at the real API server to the first packet that is judged by it",
  async *run(context): AsyncGenerator<Result> {
    const sizes = context.full ? [...SIZES, LARGE] : SIZES;
    for (const size of sizes) {
      const samples = await measureEvents(size, context);
      context.progress(`${size.pods} pods: ${samples.length} events`);
      yield* figuresOf(size.pods, samples);
    }
  },
};
