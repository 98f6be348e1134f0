import { Hono } from "hono";
import { listen, type Listening } from "../listen.ts";
import type { Figures } from "./figures.ts";
import { watchLoopDelay } from "./loop-delay.ts";
import { createMetricRegistry, type MetricRegistry } from "./registry.ts";

export interface MetricsServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly figures: () => Omit<Figures, "longestGapSeconds">;
  readonly processMetrics: boolean;
}

export interface MetricsServer extends Listening {
  /** For what happens now, in seconds. */
  readonly observe: MetricRegistry["observe"];
}

/** The route alone, for a server or a test. */
export function metricsRoutes({ text, contentType }: MetricRegistry): Hono {
  const routes = new Hono();
  routes.get("/metrics", async (context) => {
    context.header("Content-Type", contentType);
    return context.body(await text());
  });
  routes.notFound((context) => context.text("tortie answers on /metrics only\n", 404));
  return routes;
}

/**
 * Serves metrics from this thread, as health.
 *
 * @throws ListenError when the address is taken or not ours.
 */
export function serveMetrics({ host, port, figures, processMetrics }: MetricsServerOptions): MetricsServer {
  const registry = createMetricRegistry({
    figures: () => ({ ...figures(), longestGapSeconds: delay.longestSeconds() }),
    processMetrics,
  });
  const settings = { host: "FELIX_PROMETHEUSMETRICSHOST", port: "FELIX_PROMETHEUSMETRICSPORT" };
  const server = listen({ what: "metrics", host, port, settings, fetch: metricsRoutes(registry).fetch });
  const delay = watchLoopDelay({ told: (seconds) => registry.observe("loopDelay", seconds) });
  return {
    url: server.url,
    observe: registry.observe,
    [Symbol.dispose]() {
      delay[Symbol.dispose]();
      server[Symbol.dispose]();
    },
  };
}
