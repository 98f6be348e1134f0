import { BOOLEAN, LISTENING, wholeNumber } from "./setting-kinds.ts";
import { type Setting, setting } from "./setting.ts";

/** What the environment decides of the metrics for Prometheus. */
export interface MetricsSettings {
  readonly metricsEnabled: boolean;
  readonly metricsHost: string;
  /** 0: any free one. */
  readonly metricsPort: number;
  readonly processMetrics: boolean;
}

export const METRICS_SETTINGS: { readonly [Key in keyof MetricsSettings]: Setting<MetricsSettings[Key]> } = {
  metricsEnabled: setting(BOOLEAN, "false", {
    name: "FELIX_PROMETHEUSMETRICSENABLED",
    means: "serve metrics for Prometheus on /metrics; docs/metrics.md has the list",
  }),
  metricsHost: setting(LISTENING, "127.0.0.1", {
    name: "FELIX_PROMETHEUSMETRICSHOST",
    means:
      "the address to serve them on; Felix takes all addresses of the node, so name one (or `0.0.0.0`, `::`) where Prometheus asks from outside",
  }),
  metricsPort: setting(wholeNumber(0, 65_535), "9091", {
    name: "FELIX_PROMETHEUSMETRICSPORT",
    means: "the port to serve them on, 0 for any free one",
  }),
  processMetrics: setting(BOOLEAN, "true", {
    name: "FELIX_PROMETHEUSPROCESSMETRICSENABLED",
    means: "whether CPU time, memory and open files of the agent are among them",
  }),
};
