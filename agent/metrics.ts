import type { ProcessFigures } from "../health/metrics/figures.ts";
import type { Pass } from "./settler.ts";
import type { Config } from "./settings/config.ts";
import { processFigures } from "./process-figures.ts";
import type { AgentStatus } from "./status.ts";

export interface Metrics extends Disposable {
  readonly url: string;
  /** What a pass came to. */
  readonly passEnded: (pass: Pass) => void;
}

export interface MetricsOptions {
  readonly config: Pick<Config, "metricsHost" | "metricsPort" | "processMetrics">;
  readonly status: AgentStatus;
  readonly version: string;
}

/**
 * Serves what the agent knows of itself to Prometheus. The library is loaded here and nowhere else: it costs 8 ms, and memory that
 * belongs to pods.
 *
 * @throws ListenError when the address is taken or not ours.
 */
export async function openMetrics({ config, status, version }: MetricsOptions): Promise<Metrics> {
  const { serveMetrics } = await import("../health/metrics/server.ts");
  const ofProcess = (): ProcessFigures | undefined => (config.processMetrics ? processFigures() : undefined);
  const server = serveMetrics({
    host: config.metricsHost,
    port: config.metricsPort,
    processMetrics: config.processMetrics,
    figures: () => ({ version, health: status, process: ofProcess() }),
  });
  return {
    url: server.url,
    passEnded({ settled, noticedAt }) {
      if (settled.kind !== "applied" && settled.kind !== "degraded") return;
      server.observe("apply", settled.milliseconds / 1_000);
      if (noticedAt !== undefined) server.observe("eventToKernel", (settled.inForceAt - noticedAt) / 1_000);
    },
    [Symbol.dispose]: () => server[Symbol.dispose](),
  };
}
