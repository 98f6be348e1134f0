import { expect, test } from "bun:test";
import { openMetrics } from "./metrics.ts";
import type { Pass } from "./settler.ts";
import { createStatus } from "./status.ts";
import { APPLIED, FAILED } from "./test-parts.ts";

const CONFIG = { metricsHost: "127.0.0.1", metricsPort: 0, processMetrics: true };

async function served(passes: readonly Partial<Pass>[], processMetrics = true): Promise<string> {
  const config = { ...CONFIG, processMetrics };
  using metrics = await openMetrics({ config, status: createStatus(), version: "1.2.3" });
  const pass = {
    settled: APPLIED,
    endpoints: new Set<never>(),
    failures: 0,
    retryMilliseconds: undefined,
    first: false,
  };
  for (const one of passes) metrics.passEnded({ ...pass, noticedAt: undefined, ...one });
  return (await fetch(`${metrics.url}metrics`)).text();
}

test("a pass that changed something tells what it took, and how long the oldest change waited", async () => {
  const settled = { ...APPLIED, milliseconds: 40, inForceAt: 1_007 };
  const text = await served([
    { settled, noticedAt: 1_000 },
    { settled },
    { settled: FAILED, noticedAt: 1 },
    { settled: { kind: "unchanged" }, noticedAt: 1 },
  ]);
  expect(text).toContain("tortie_event_to_kernel_seconds_count 1\n");
  expect(text).toContain("tortie_event_to_kernel_seconds_sum 0.007\n");
  expect(text).toContain("felix_int_dataplane_apply_time_seconds_count 2\n");
  expect(text).toContain("felix_int_dataplane_apply_time_seconds_sum 0.08\n");
  expect(text).toContain('tortie_build_info{version="1.2.3"} 1\n');
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
