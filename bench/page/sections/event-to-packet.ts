import { formatValue } from "../../format-value.ts";
import type { Result } from "../../result.ts";
import { barChart } from "../bar-chart.ts";
import { type Chart, figures, type Section } from "../section.ts";

function bars(results: readonly Result[], share: "p50" | "p99"): Parameters<typeof barChart>[0]["bars"] {
  return figures(results, "watch_delivery_seconds").map(({ labels, ...delivery }) => {
    const [beyond] = figures(results, "event_to_packet_beyond_watch_seconds", labels);
    const pods = Number(labels["pods"]).toLocaleString("en-US");
    return {
      name: `${labels["kind"] ?? ""}, ${pods} pods`,
      parts: [
        { name: "until the API server's watch has told it", value: delivery[share] },
        { name: "from there to the first packet", value: Math.max(0, beyond?.[share] ?? 0) },
      ],
    };
  });
}

function chart(results: readonly Result[]): Chart {
  return {
    name: "event-to-packet",
    words: "From a request to the API server to the first packet that is judged by it: medians",
    svg: barChart({
      title: "From the request to the first packet, medians",
      bars: bars(results, "p50"),
      format: (value) => formatValue(value, "seconds"),
    }),
  };
}

export const eventToPacketSection: Section = {
  measurement: "event-to-packet",
  title: "From an event to the packet",
  how: `
A real etcd and a real kube-apiserver hold the cluster; the agent, as it is shipped, polices a node with real veth pairs. A policy is created
and deleted; a pod of another node gets its address and is deleted. Beside the agent a bare watch, a few lines without anything of
Tortie, reads the same stream in a process of its own. From the event on, packets of new flows are sent every fraction of a millisecond, and the first
one that is judged anew ends the clock. \`from\` says where the clock began: when the request was sent, when it was answered, or when the bare
watch had the line. The names are those of perf-tests of Kubernetes. All of it shares the machine: API server, etcd,
agent, watch and probes.
`,
  charts: (results) => (results.length === 0 ? [] : [chart(results)]),
  reading: `
Most of the time is the API server's own: writing to etcd, and telling its watchers. The agent hears of an event when the bare watch does, and what it adds is one pass:
compile, plan, and one or two transactions. The slowest of a hundred meet a collection of garbage, or another process on the same two processors.
`,
};
