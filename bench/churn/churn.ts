import { buildMeasuredAgent } from "../measured-agent/build-agent.ts";
import { gapsText, loopResults } from "../measured-agent/loop-gaps.ts";
import type { BenchContext, Measurement } from "../measurement.ts";
import { quantile, type Result, resultOf } from "../result.ts";
import { clusterSize } from "../scripted-cluster/cluster-size.ts";
import { wallClock } from "../scripted-cluster/server-messages.ts";
import { type Churn, measureChurn } from "./measure.ts";

const PODS = 10_000;
const POLICIES = 1_000;

const MINUTE: Churn = {
  size: clusterSize({ pods: PODS, policies: POLICIES, local: 110 }),
  podChangesPerSecond: 100,
  policyChangesPerSecond: 10,
  localOneIn: 50,
  namespaceOneIn: 500,
  seed: 1,
  age: 5,
  warmUpSeconds: 15,
  stretches: 2,
  stretchSeconds: 30,
  tidySeconds: 10,
};
const HOUR: Churn = { ...MINUTE, warmUpSeconds: 60, stretches: 6, stretchSeconds: 600 };

/** A server that takes longer has asked less of the agent than the labels say. */
const MOST_PACE = 1.1;

async function* run({ full, directory, progress }: BenchContext): AsyncGenerator<Result> {
  const churn = full ? HOUR : MINUTE;
  const command = [await buildMeasuredAgent(directory)];
  const began = wallClock();
  const churned = await measureChurn(churn, { command, clock: true, directory, progress });
  const { stretches, pace, milliseconds, missing, gaps, drift } = churned;
  if (pace > MOST_PACE) {
    throw new Error(`the changes took ${pace.toFixed(2)} times as long as they should: run it again alone`);
  }
  const labels = {
    pods: String(PODS),
    policies: String(POLICIES),
    pod_changes_per_second: String(churn.podChangesPerSecond),
    policy_changes_per_second: String(churn.policyChangesPerSecond),
  };
  // A heap grows and is swept again within half a minute: only a whole stretch says what it needs.
  const memory = (state: string, stretch: (typeof stretches)[number] = []): Result => {
    const median = quantile(
      stretch.map(({ residentBytes }) => residentBytes),
      0.5,
    );
    return resultOf({ metric: "resident_memory_bytes", labels: { ...labels, state }, unit: "bytes" }, [
      median,
    ]);
  };
  yield resultOf(
    { metric: "churn_cpu_share", labels, unit: "ratio" },
    stretches.flat().map(({ cpuShare }) => cpuShare),
  );
  yield resultOf(
    { metric: "churn_backlog_seconds", labels, unit: "seconds" },
    milliseconds.map((one) => one / 1_000),
  );
  const [begin, end] = [memory("churn begin", stretches[0]), memory("churn end", stretches.at(-1))];
  yield begin;
  yield end;
  yield resultOf({ metric: "churn_memory_growth_ratio", labels, unit: "ratio" }, [end.p50 / begin.p50]);
  yield* loopResults(gaps, { ...labels, phase: "churn" });
  yield resultOf(
    { metric: "churn_drift_objects", labels, unit: "count" },
    drift.map((one) => one.length),
  );
  progress(`longest gaps of the loop: ${gapsText(gaps, began)}`);
  if (missing > 0) throw new Error(`${missing} pods never came into the kernel`);
}

/** What a cluster that never rests costs the agent, and whether the kernel still holds what it should. */
export const churnMeasurement: Measurement = {
  name: "churn",
  summary: "100 pod and 10 policy changes a second for a minute: CPU, backlog, memory, drift of the kernel",
  run,
};
