import { expect, test } from "bun:test";
import type { Condition } from "../adapters/datastore.ts";
import type { Log } from "./log.ts";
import { openMetrics, type MetricsOptions } from "./metrics.ts";
import type { Pass } from "./settler.ts";
import { createStatus } from "./status.ts";
import { APPLIED, FAILED, until } from "./test-parts.ts";

const CONFIG = { metricsHost: "127.0.0.1", metricsPort: 0, processMetrics: true };

const PASS = {
  settled: APPLIED,
  endpoints: new Set<never>(),
  noticedAt: undefined,
  failures: 0,
  retryMilliseconds: undefined,
  first: false,
};

/** Metrics of an agent, what it said of them in its log, and the conditions that stand. */
async function opened(parts: Partial<MetricsOptions> = {}) {
  const lines: Record<string, unknown>[] = [];
  const write: Log["write"] = (level, message, fields) => void lines.push({ level, message, ...fields });
  let standing: readonly Condition[] = [];
  const metrics = await openMetrics({
    config: CONFIG,
    status: createStatus(),
    version: "1.2.3",
    log: { write, flush: async () => {} },
    conditions: (found) => (standing = found),
    ...parts,
  });
  const text = async (): Promise<string> => (await fetch(`${String(lines.at(-1)?.["url"])}metrics`)).text();
  return { metrics, lines, text, standing: () => standing };
}

async function served(passes: readonly Partial<Pass>[], processMetrics = true): Promise<string> {
  const { metrics, text } = await opened({ config: { ...CONFIG, processMetrics } });
  using _ = metrics;
  for (const one of passes) metrics.passEnded({ ...PASS, ...one });
  return await text();
}

test("a pass that changed something tells what it took, and how long the oldest change waited", async () => {
  const settled = { ...APPLIED, milliseconds: 40, inForceAt: 1_007 };
  const { rebuilt: _, ...changed } = settled;
  const text = await served([
    { settled, noticedAt: 1_000 },
    { settled },
    { settled: FAILED, noticedAt: 1 },
    { settled: { kind: "unchanged" }, noticedAt: 1 },
    { settled: { ...changed, kind: "degraded", commands: 0, refused: [] }, noticedAt: 1 },
  ]);
  expect(text).toContain("tortie_event_to_kernel_seconds_count 1\n");
  expect(text).toContain("tortie_event_to_kernel_seconds_sum 0.007\n");
  expect(text).toContain("felix_int_dataplane_apply_time_seconds_count 2\n");
  expect(text).toContain("felix_int_dataplane_apply_time_seconds_sum 0.08\n");
  expect(text).toContain('tortie_build_info{version="1.2.3"} 1\n');
});

test("what the first rules carry waited for the datastore to be read, which is no way from event to kernel", async () => {
  const text = await served([{ noticedAt: 0, first: true }]);
  expect(text).toContain("tortie_event_to_kernel_seconds_count 0\n");
  expect(text).toContain("felix_int_dataplane_apply_time_seconds_count 1\n");
});

test("a taken port is an error once and a notice until it is free; what happened meanwhile is counted", async () => {
  using taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
  const config = { ...CONFIG, metricsPort: taken.port };
  const { metrics, lines, text, standing } = await opened({ config, retryMilliseconds: 1 });
  using _ = metrics;
  const because = expect.stringMatching(/in use, perhaps by health .*set FELIX_PROMETHEUSMETRICSPORT/);
  expect(lines).toEqual([expect.objectContaining({ level: "error", because })]);
  expect(standing()).toEqual([{ kind: "notice", text: because }]);
  metrics.passEnded({ ...PASS, noticedAt: 0 });
  taken.stop(true);
  await until(() => lines.length > 1);
  expect(lines.slice(1)).toEqual([expect.objectContaining({ level: "info", message: "metrics served" })]);
  expect(standing()).toEqual([]);
  expect(await text()).toContain("tortie_event_to_kernel_seconds_count 1\n");
});

test("the process tells what it takes, if that is wanted", async () => {
  const [wanted, unwanted] = [await served([]), await served([], false)];
  const value = (name: string): number => Number(new RegExp(`^${name} (.*)$`, "m").exec(wanted)?.[1]);
  expect(value("process_resident_memory_bytes")).toBeGreaterThan(1e6);
  expect(value("process_cpu_seconds_total")).toBeGreaterThan(0);
  expect(value("process_open_fds")).toBeGreaterThan(2);
  expect(value("process_start_time_seconds")).toBeCloseTo(performance.timeOrigin / 1_000, 0);
  expect(unwanted).not.toContain("process_");
});

test("an agent that serves no metrics does not load the library", () => {
  const main = new URL("main.ts", import.meta.url).pathname;
  const script = `
    await import(${JSON.stringify(main)});
    const loaded = Object.keys(require.cache);
    process.stdout.write(JSON.stringify(["hono", "prom-client"].map((name) =>
      loaded.some((path) => path.includes("/node_modules/" + name + "/")))));`;
  const { stdout } = Bun.spawnSync([process.execPath, "-e", script]);
  expect(JSON.parse(stdout.toString())).toEqual([true, false]);
});
