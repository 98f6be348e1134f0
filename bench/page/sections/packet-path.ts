import { formatValue } from "../../format-value.ts";
import type { Result } from "../../result.ts";
import { lineChart } from "../line-chart.ts";
import { type Chart, figures, type Section } from "../section.ts";

function chart(results: readonly Result[]): Chart {
  const series = ["throughput", "connections"].flatMap((of) =>
    ["1", "2"].map((processors) => ({
      name: `${of}, ${processors} CPU`,
      points: figures(results, "packet_path_ratio", { of, table: "tortie", family: "ipv4", processors }).map(
        ({ labels, p50 }) => [Number(labels["policies"]), p50] as const,
      ),
    })),
  );
  return {
    name: "packet-path",
    words: "Throughput and new connections beside a table that only accepts established",
    svg: lineChart({
      title: "Beside a table that only accepts established, median",
      series: series.filter(({ points }) => points.length > 0),
      xTitle: "policies on each pod",
      y: { scale: "linear", format: (value) => formatValue(value, "ratio") },
      marks: [{ y: 0.95, name: "goal: 0.95" }],
    }),
  };
}

export const packetPathSection: Section = {
  measurement: "packet-path",
  title: "What a packet's way costs",
  how: `
Two pods behind one node: throughput of one TCP stream, and TCP connections a second (connect, one request, one answer, close), with
0 to 1,000 policies on each of the two pods, each policy with peers and a port of its own, the last one being what lets the traffic in. Beside it, in the same rounds, stand
a node whose only rule accepts established packets (so that the kernel tracks connections there, too) and one without any table. A ratio is formed within each round of a few seconds; the
established table is measured twice (\`established-again\`): what it differs from itself is noise.
`,
  charts: (results) => (results.length === 0 ? [] : [chart(results)]),
  reading: `
The number of policies costs nothing, because policies that only allow are merged by port. What is paid is the fixed frame: for each packet one more hook than
the other table has, and the gate, which looks up interface and source address before conntrack sees the packet, so that a forged one cannot ride on somebody's
connection. \`processors: 1\` shows it without mercy: nobody is woken and nothing waits, and all that a connection takes is the kernel's path.
With client and server on processors of their own, as netperf and iperf measure, the same nanoseconds are a smaller share.

Tried, in ratios to the established table on one processor: the frame with a jump for each interface 0.90; open connections accepted before the look at the interface, and the gate without a jump (what is built),
0.91 to 0.93; one forward hook for both directions instead of two 0.945, which would make a policy that allows fall through instead of accept, and a chain that is
emptied for a moment let packets pass; the gate as a hook of each interface 0.96, which the kernel forgets with the interface. Interface numbers
instead of names, and sets of a fixed size, gained nothing.
`,
};
