import { expect, test } from "bun:test";
import type { Figures } from "./figures.ts";
import { METRICS } from "./metric-rows.ts";
import { createMetricRegistry } from "./registry.ts";
import { FIGURES, HEALTH } from "./test-figures.ts";

/** The lines of the text that are values, by name and labels. */
async function values(figures: Figures, processMetrics = true): Promise<ReadonlyMap<string, number>> {
  const text = await createMetricRegistry({ figures: () => figures, processMetrics }).text();
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.split(" ").at(-1))]));
}

test("what is counted stands under its name", async () => {
  const found = await values(FIGURES);
  const read = [...found].filter(([name]) => !/_(bucket|sum|count)\b|quantile/.test(name));
  expect(Object.fromEntries(read)).toEqual({
    felix_active_local_endpoints: 11,
    felix_active_local_policies: 14,
    felix_active_local_selectors: 13,
    felix_cluster_num_policies: 15,
    felix_cluster_num_workload_endpoints: 16,
    felix_resync_state: 3,
    felix_int_dataplane_failures: 34,
    tortie_nftables_chains: 21,
    tortie_nftables_sets: 22,
    tortie_nftables_elements: 23,
    tortie_programs: 12,
    'tortie_passes_total{outcome="unchanged"}': 31,
    'tortie_passes_total{outcome="applied"}': 32,
    'tortie_passes_total{outcome="degraded"}': 33,
    'tortie_passes_total{outcome="failed"}': 34,
    tortie_refused_objects: 1,
    'tortie_build_info{version="1.2.3"}': 1,
    tortie_datastore_in_sync: 1,
    tortie_datastore_stale_seconds: 0,
    tortie_problems: 0,
    'tortie_conditions{kind="failure"}': 1,
    'tortie_conditions{kind="notice"}': 2,
    tortie_pods_wired: 41,
    tortie_pods_waiting: 2,
    tortie_event_loop_longest_gap_seconds: 0.051,
    process_cpu_seconds_total: 61.5,
    process_resident_memory_bytes: 62,
    process_open_fds: 63,
    process_start_time_seconds: 64.5,
  });
});

test("metrics of the process can be left out", async () => {
  const found = await values({ ...FIGURES, process: undefined }, false);
  expect([...found.keys()].filter((name) => name.startsWith("process_"))).toEqual([]);
});

test("each text has the values of its moment, each metric with its sentence and type", async () => {
  let figures = FIGURES;
  const { text } = createMetricRegistry({ figures: () => figures, processMetrics: true });
  expect(await text()).toContain('tortie_passes_total{outcome="failed"} 34\n');
  figures = { ...FIGURES, health: { ...HEALTH, passes: { ...HEALTH.passes, failed: 35 } } };
  const second = await text();
  expect(second).toContain('tortie_passes_total{outcome="failed"} 35\n');
  for (const { name, help, kind } of METRICS)
    expect(second).toContain(`# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n${name}`);
});

test.each<[Partial<Figures["health"]>, number, number]>([
  [{ datastore: { kind: "waiting", for: "it", next: "nothing" }, inSync: false }, 1, 0],
  [{ inSync: false }, 2, 0],
  [{}, 3, 1],
  [{ datastore: { kind: "stale", since: new Date(0), because: "it is away", next: "nothing" } }, 3, 0],
])("with %p the state is %d, in sync %d", async (health, state, inSync) => {
  const found = await values({ ...FIGURES, health: { ...HEALTH, ...health } });
  expect(found.get("felix_resync_state")).toBe(state);
  expect(found.get("tortie_datastore_in_sync")).toBe(inSync);
  const stale = found.get("tortie_datastore_stale_seconds") ?? 0;
  expect(stale > 0).toBe(health.datastore?.kind === "stale");
});

test("where another plugin wires the pods, ours has none", async () => {
  const found = await values({ ...FIGURES, health: { ...HEALTH, podNetwork: undefined } });
  expect([found.get("tortie_pods_wired"), found.get("tortie_pods_waiting")]).toEqual([0, 0]);
});

test("figures are read once for each text", async () => {
  let [reads, version] = [0, "1"];
  const figures = (): Figures => {
    reads++;
    return { ...FIGURES, version };
  };
  const { text } = createMetricRegistry({ figures, processMetrics: true });
  expect(await text()).toContain('tortie_build_info{version="1"} 1');
  version = "2";
  expect(await text()).toContain('tortie_build_info{version="2"} 1');
  expect(reads).toBe(2);
});

test("what is told is counted in seconds", async () => {
  const { text, observe } = createMetricRegistry({ figures: () => FIGURES, processMetrics: true });
  observe("eventToKernel", 0.003);
  observe("apply", 0.25);
  observe("loopDelay", 0.0001);
  const told = await text();
  expect(told).toContain('tortie_event_to_kernel_seconds_bucket{le="0.002"} 0\n');
  expect(told).toContain('tortie_event_to_kernel_seconds_bucket{le="0.005"} 1\n');
  expect(told).toContain('felix_int_dataplane_apply_time_seconds{quantile="0.5"} 0.25\n');
  expect(told).toContain('tortie_event_loop_delay_seconds_bucket{le="0.001"} 1\n');
});
