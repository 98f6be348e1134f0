import type { Condition } from "../adapters/datastore.ts";
import { ListenError } from "../health/listen.ts";
import type { ProcessFigures } from "../health/metrics/figures.ts";
import type { Log } from "./log.ts";
import type { Pass } from "./settler.ts";
import type { Config } from "./settings/config.ts";
import { processFigures } from "./process-figures.ts";
import type { AgentStatus } from "./status.ts";

export interface Metrics extends Disposable {
  /** What a pass came to. */
  readonly passEnded: (pass: Pass) => void;
}

export interface MetricsOptions {
  readonly config: Pick<Config, "metricsHost" | "metricsPort" | "processMetrics">;
  readonly status: AgentStatus;
  readonly version: string;
  readonly log: Log;
  /** Told why nobody can ask for them, and when somebody can. */
  readonly conditions: (found: readonly Condition[]) => void;
  /** Until a taken port is tried again. */
  readonly retryMilliseconds?: number;
}

/**
 * Serves what the agent knows of itself to Prometheus. Where the port is taken it is tried again and again: nobody's packets depend
 * on it. The library is loaded here and nowhere else: it costs 8 ms, and memory that belongs to pods.
 */
export async function openMetrics(options: MetricsOptions): Promise<Metrics> {
  const { config, status, version, log, conditions, retryMilliseconds = 5_000 } = options;
  const { createMetricsServer } = await import("../health/metrics/server.ts");
  const ofProcess = (): ProcessFigures | undefined => (config.processMetrics ? processFigures() : undefined);
  const server = createMetricsServer({
    host: config.metricsHost,
    port: config.metricsPort,
    processMetrics: config.processMetrics,
    figures: () => ({ version, health: status, process: ofProcess() }),
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  let told: string | undefined;

  function attempt(): void {
    try {
      log.write("info", "metrics served", { url: server.listen() });
      conditions([]);
    } catch (error) {
      if (!(error instanceof ListenError)) throw error;
      timer = setTimeout(attempt, retryMilliseconds);
      timer.unref();
      if (error.message === told) return;
      told = error.message;
      log.write("error", "metrics are not served; policy is followed all the same", {
        because: told,
        next: "it is tried again every few seconds",
      });
      conditions([{ kind: "notice", text: `${told}; it is tried again every few seconds` }]);
    }
  }

  attempt();
  return {
    passEnded({ settled, noticedAt, first }) {
      if (!("commands" in settled) || settled.commands === 0) return;
      server.observe("apply", settled.milliseconds / 1_000);
      // The first rules carry what was noticed when the process began: reading the datastore is no way from event to kernel.
      if (noticedAt === undefined || first) return;
      server.observe("eventToKernel", (settled.inForceAt - noticedAt) / 1_000);
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      server[Symbol.dispose]();
    },
  };
}
