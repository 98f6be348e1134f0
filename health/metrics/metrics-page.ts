import { type Metric, METRIC_GROUPS } from "./metric-rows.ts";

const HEAD = `# Metrics

<!-- Made by \`bun health/metrics/metrics-page.ts\` from health/metrics/metric-rows.ts: change it there. -->

With \`FELIX_PROMETHEUSMETRICSENABLED=true\` the agent serves metrics as Prometheus reads them, on
\`http://127.0.0.1:9091/metrics\`. Felix listens on all addresses of the node; here, where nobody is asked for a password, it is
loopback unless \`FELIX_PROMETHEUSMETRICSHOST\` says otherwise. [config.md](config.md) has the settings. Where it is not switched on,
nothing listens and the library is not loaded.

Names are Felix's where Felix has the thing, so that dashboards made for Calico show it. Values are read when they are asked for;
only what has a duration is noted as it happens. Felix's metrics of Go, of iptables and of ipsets have no counterpart here. The
quantiles of a summary are those of the last ten minutes, and 0 where nothing happened in them; its sum and count are of the whole
life.

Where the port is taken the agent goes on without: a line of level error and a notice in \`/readiness\` say so, and it tries again
every few seconds.
`;

const TAIL = `
A few questions and where the answers are:

- Is this node up to date? \`tortie_datastore_in_sync == 1\` and no growth of \`felix_int_dataplane_failures\`.
- How long does a change take? \`histogram_quantile(0.99, rate(tortie_event_to_kernel_seconds_bucket[5m]))\`.
- Are pods kept waiting? \`tortie_pods_waiting > 0\` for longer than a minute; \`/readiness\` names them.
- Is anything closed that should not be? \`tortie_problems + tortie_refused_objects > 0\`; \`/readiness\` names the objects.
`;

function type(metric: Metric): string {
  const label = "label" in metric ? ` by \`${metric.label}\`` : "";
  return `${metric.kind}${label}`;
}

function row(metric: Metric): string {
  return `| \`${metric.name}\` | ${type(metric)} | ${metric.help} |\n`;
}

/** The text of docs/metrics.md. */
export function metricsPage(): string {
  const groups = METRIC_GROUPS.map(
    ([title, rows]) =>
      `\n## ${title}\n\n| metric | type | meaning |\n| --- | --- | --- |\n${rows.map(row).join("")}`,
  );
  return [
    HEAD,
    ...groups,
    "\n`process_*` are left out with `FELIX_PROMETHEUSPROCESSMETRICSENABLED=false`.\n",
    TAIL,
  ].join("");
}

if (import.meta.main) await Bun.write(new URL("../../docs/metrics.md", import.meta.url), metricsPage());
