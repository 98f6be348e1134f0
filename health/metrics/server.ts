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

/** Disposing frees the port. */
export interface MetricsServer extends Disposable {
  /** For what happens now, in seconds. */
  readonly observe: MetricRegistry["observe"];
  /**
   * Serves metrics from this thread, as health; gives the URL. What was observed before is among them.
   *
   * @throws ListenError when the address is taken or not ours; it may be tried again.
   */
  listen(): string;
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

/** Metrics, which nobody can ask for yet. */
export function createMetricsServer({
  host,
  port,
  figures,
  processMetrics,
}: MetricsServerOptions): MetricsServer {
  const registry = createMetricRegistry({
    figures: () => ({ ...figures(), longestGapSeconds: delay.longestSeconds() }),
    processMetrics,
  });
  const delay = watchLoopDelay({ told: (seconds) => registry.observe("loopDelay", seconds) });
  let server: Listening | undefined;
  return {
    observe: registry.observe,
    listen() {
      server ??= listen({
        what: "metrics",
        host,
        port,
        settings: { host: "FELIX_PROMETHEUSMETRICSHOST", port: "FELIX_PROMETHEUSMETRICSPORT" },
        others: "health (FELIX_HEALTHPORT), another tortie or calico-node",
        fetch: metricsRoutes(registry).fetch,
      });
      return server.url;
    },
    [Symbol.dispose]() {
      delay[Symbol.dispose]();
      server?.[Symbol.dispose]();
    },
  };
}
