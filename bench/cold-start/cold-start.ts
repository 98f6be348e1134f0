import type { BenchContext, Measurement } from "../measurement.ts";
import { buildMeasuredAgent } from "../measured-agent/build-agent.ts";
import type { Result } from "../result.ts";
import { type ColdStart, measureColdStart } from "./measure.ts";

const LOCAL = 110;
const QUICK = { policies: 1_000, way: "streaming" } as const;

/** Of 150,000 pods the heap has settled 5 s after the first rules, and stays so for as long as nothing happens. */
function coldStart(one: Pick<ColdStart, "pods" | "policies" | "way">): ColdStart {
  return { ...one, local: LOCAL, settleSeconds: one.pods > 50_000 ? 10 : 5, steadySeconds: 10 };
}

function* sizes(full: boolean): Iterable<ColdStart> {
  if (!full) {
    yield coldStart({ ...QUICK, pods: 1_000, policies: 100 });
    yield coldStart({ ...QUICK, pods: 10_000 });
    yield coldStart({ ...QUICK, pods: 150_000 });
    return;
  }
  for (const way of ["streaming", "lists"] as const) {
    for (const pods of [1_000, 10_000, 150_000])
      for (const policies of [100, 1_000]) yield coldStart({ pods, policies, way });
  }
}

async function* run({ full, directory, progress }: BenchContext): AsyncGenerator<Result> {
  const agent = await buildMeasuredAgent(directory);
  for (const size of sizes(full)) yield* measureColdStart(size, { agent, directory, progress });
}

/** What an agent's start costs beside a large cluster, and whether its event loop keeps turning. */
export const coldStartMeasurement: Measurement = {
  name: "cold-start",
  summary: "from the agent's start to its first complete ruleset: time, memory, gaps of the event loop",
  run,
};
