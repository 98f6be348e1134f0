import { expect, test } from "bun:test";
import { figuresOf } from "./figures.ts";
import type { Sample } from "./sample.ts";

/** Sent at 1,000 ms; the rest is milliseconds after it. */
function sample(of: Partial<Sample>, answered: number, watched: number, packet: number): Sample {
  return {
    kind: "policy",
    change: "created",
    arrives: true,
    sentAt: 1_000,
    answeredAt: 1_000 + answered,
    watchedAt: 1_000 + watched,
    turn: { first: 1_000 + packet, lastBefore: 999 },
    ...of,
  };
}

function figure(samples: readonly Sample[], metric: string, labels: Readonly<Record<string, string>>) {
  const found = figuresOf(50, samples).filter(
    (result) => result.metric === metric && Bun.deepEquals(result.labels, { pods: "50", ...labels }),
  );
  expect(found).toHaveLength(1);
  return found[0];
}

const SAMPLES = [
  sample({}, 4, 5, 8),
  sample({ arrives: false }, 3, 6, 5),
  sample({ change: "deleted", arrives: false }, 2, 2, 12),
  sample({ kind: "pod", change: "addressed" }, 1, 4, 6),
  sample({ kind: "pod", change: "deleted", arrives: false }, 1, 3, 7),
];

test("a policy's enforcement is told from each moment on, by what it does to packets", () => {
  const metric = "policy_enforcement_latency_policy_creation_seconds";
  expect(figure(SAMPLES, metric, { verdict: "allow", from: "request" })).toMatchObject({ p50: 0.008, n: 1 });
  expect(figure(SAMPLES, metric, { verdict: "allow", from: "answer" })?.p50).toBeCloseTo(0.004);
  expect(figure(SAMPLES, metric, { verdict: "allow", from: "watch" })?.p50).toBeCloseTo(0.003);
  expect(figure(SAMPLES, metric, { verdict: "drop", from: "watch" })?.p50).toBeCloseTo(-0.001);
});

test("a pod's address and its end are told apart", () => {
  const metric = "pod_creation_reachability_latency_seconds";
  expect(figure(SAMPLES, metric, { change: "addressed", from: "watch" })?.p50).toBeCloseTo(0.002);
  expect(figure(SAMPLES, metric, { change: "deleted", from: "request" })?.p50).toBeCloseTo(0.007);
});

test("the watch's share and what comes after it count every event of a kind", () => {
  expect(figure(SAMPLES, "watch_delivery_seconds", { kind: "policy" })).toMatchObject({ p50: 0.005, n: 3 });
  const beyond = figure(SAMPLES, "event_to_packet_beyond_watch_seconds", { kind: "policy" });
  expect(beyond?.n).toBe(3);
  expect(beyond?.p99).toBeCloseTo(0.01);
  expect(figure(SAMPLES, "event_to_packet_beyond_watch_seconds", { kind: "pod" })?.n).toBe(2);
});
