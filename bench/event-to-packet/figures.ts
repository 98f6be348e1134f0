import { type Result, resultOf } from "../result.ts";
import type { Sample } from "./sample.ts";
import type { EventKind } from "./steps.ts";

/** From which moment of an event on. */
type From = "request" | "answer" | "watch";

function start({ sentAt, answeredAt, watchedAt }: Sample, from: From): number {
  return { request: sentAt, answer: answeredAt, watch: watchedAt }[from];
}

/** Seconds from a moment of each event until the first packet that was judged anew. Before the moment is negative. */
function untilPacket(samples: readonly Sample[], from: From): number[] {
  return samples.map((sample) => (sample.turn.first - start(sample, from)) / 1000);
}

function latencies(
  metric: string,
  labels: Readonly<Record<string, string>>,
  samples: readonly Sample[],
): Result[] {
  return (["request", "answer", "watch"] as const).map((from) =>
    resultOf({ metric, labels: { ...labels, from }, unit: "seconds" }, untilPacket(samples, from)),
  );
}

/**
 * What the events at one size of the cluster come to.
 *
 * The two metrics of perf-tests of Kubernetes (network/tools/network-policy-enforcement-latency) begin at other moments: that of
 * a policy at its creationTimestamp, which the API server sets between `request` and `answer` (in whole seconds, so it cannot be
 * used here); that of a pod when a watch has told of its address, which is `watch` here. Both end with the first
 * request that succeeds; here it is the first packet of a new flow that gets through, or that no longer does (`verdict`).
 */
export function figuresOf(pods: number, samples: readonly Sample[]): Result[] {
  const labels = { pods: String(pods) };
  const of = (wanted: Partial<Sample>): Sample[] =>
    samples.filter((sample) =>
      Object.entries(wanted).every(([name, value]) => sample[name as keyof Sample] === value),
    );
  const share = (kind: EventKind): Result[] => {
    const all = of({ kind });
    return [
      resultOf(
        { metric: "watch_delivery_seconds", labels: { ...labels, kind }, unit: "seconds" },
        all.map(({ watchedAt, sentAt }) => (watchedAt - sentAt) / 1000),
      ),
      resultOf(
        { metric: "event_to_packet_beyond_watch_seconds", labels: { ...labels, kind }, unit: "seconds" },
        untilPacket(all, "watch"),
      ),
    ];
  };
  const created = (arrives: boolean): Result[] =>
    latencies(
      "policy_enforcement_latency_policy_creation_seconds",
      { ...labels, verdict: arrives ? "allow" : "drop" },
      of({ kind: "policy", change: "created", arrives }),
    );
  const pod = (change: "addressed" | "deleted"): Result[] =>
    latencies(
      "pod_creation_reachability_latency_seconds",
      { ...labels, change },
      of({ kind: "pod", change }),
    );
  return [
    ...created(true),
    ...created(false),
    ...pod("addressed"),
    ...pod("deleted"),
    ...share("policy"),
    ...share("pod"),
  ];
}
