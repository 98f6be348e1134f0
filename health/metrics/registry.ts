import { Counter, Gauge, Histogram, Registry, Summary } from "prom-client";
import { unreachable } from "../../model/unreachable.ts";
import type { Figures, Observations } from "./figures.ts";
import { type Metric, METRICS, type ObservedMetric, type ReadMetric, type Sample } from "./metric-rows.ts";

export interface MetricRegistry {
  /** For what happens now: cheap. */
  readonly observe: (what: keyof Observations, seconds: number) => void;
  /** All metrics as Prometheus reads them. */
  readonly text: () => Promise<string>;
  readonly contentType: string;
}

/** Recent ones: a summary of the whole life would hide what goes wrong today. */
const SUMMARY_AGE_SECONDS = 600;
const SUMMARY_WINDOWS = 5;

function samples(read: number | readonly Sample[]): readonly Sample[] {
  return typeof read === "number" ? [{ value: read }] : read;
}

export interface MetricRegistryOptions {
  readonly figures: () => Figures;
  readonly processMetrics: boolean;
}

/** The metrics of the table. Figures are read once for each text. */
export function createMetricRegistry({ figures, processMetrics }: MetricRegistryOptions): MetricRegistry {
  const registry = new Registry();
  /** All metrics of one text are made of these: reading them costs system calls. */
  let present: Figures | undefined;
  const observers = new Map<keyof Observations, (seconds: number) => void>();

  function addRead({ name, help, kind, label, read }: ReadMetric): void {
    const labelNames = label === undefined ? [] : [label];
    const about = { name, help, labelNames, registers: [registry] };
    const told = ({ label: value }: Sample): Record<string, string> =>
      label === undefined || value === undefined ? {} : { [label]: value };
    if (kind === "gauge") {
      const gauge = new Gauge({
        ...about,
        collect: () => {
          gauge.reset();
          for (const sample of samples(read((present ??= figures())))) gauge.set(told(sample), sample.value);
        },
      });
      return;
    }
    const counter = new Counter({
      ...about,
      collect: () => {
        counter.reset();
        for (const sample of samples(read((present ??= figures())))) counter.inc(told(sample), sample.value);
      },
    });
  }

  function addObserved({ name, help, kind, observes, buckets = [] }: ObservedMetric): void {
    const about = { name, help, registers: [registry] };
    const metric =
      kind === "histogram"
        ? new Histogram({ ...about, buckets: [...buckets] })
        : new Summary({
            ...about,
            percentiles: [0.5, 0.9, 0.99],
            maxAgeSeconds: SUMMARY_AGE_SECONDS,
            ageBuckets: SUMMARY_WINDOWS,
          });
    observers.set(observes, (seconds) => metric.observe(seconds));
  }

  function add(metric: Metric): void {
    switch (metric.kind) {
      case "gauge":
      case "counter":
        return metric.ofProcess === true && !processMetrics ? undefined : addRead(metric);
      case "histogram":
      case "summary":
        return addObserved(metric);
      default:
        return unreachable(metric);
    }
  }

  for (const metric of METRICS) add(metric);
  return {
    observe: (what, seconds) => observers.get(what)?.(seconds),
    text() {
      present = undefined;
      return registry.metrics();
    },
    contentType: registry.contentType,
  };
}
