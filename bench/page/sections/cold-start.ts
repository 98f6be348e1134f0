import { formatValue } from "../../format-value.ts";
import type { Result } from "../../result.ts";
import { barChart } from "../bar-chart.ts";
import { type Chart, figures, type Section } from "../section.ts";

function sizeText({ labels }: Result): string {
  const number = (name: string): string => Number(labels[name]).toLocaleString("en-US");
  return `${number("pods")} pods, ${number("policies")} policies`;
}

function timeChart(results: readonly Result[]): Chart {
  const bars = figures(results, "cold_start_in_sync_seconds", { way: "streaming" }).map((inSync) => {
    const [whole] = figures(results, "cold_start_seconds", inSync.labels);
    return {
      name: sizeText(inSync),
      parts: [
        { name: "until all is known", value: inSync.p50 },
        { name: "until the first ruleset is in force", value: Math.max(0, (whole?.p50 ?? 0) - inSync.p50) },
      ],
    };
  });
  return {
    name: "cold-start",
    words: "Seconds from the agent's start until its rules are in force",
    svg: barChart({
      title: "From the agent's start to rules in force",
      bars,
      format: (value) => formatValue(value, "seconds"),
    }),
  };
}

function memoryChart(results: readonly Result[]): Chart {
  const bars = ["settled", "peak"].flatMap((state) =>
    figures(results, "resident_memory_bytes", { state, way: "streaming" }).map((memory) => ({
      name: `${sizeText(memory)}: ${state}`,
      parts: [{ name: "memory", value: memory.p50 }],
    })),
  );
  return {
    name: "cold-start-memory",
    words: "The agent's resident memory, at its peak and settled",
    svg: barChart({ title: "Resident memory", bars, format: (value) => formatValue(value, "bytes") }),
  };
}

export const coldStartSection: Section = {
  measurement: "cold-start",
  title: "A cold start beside a large cluster",
  how: `
A server in a process of its own holds pods of 3 kB, a namespace for each 15 of them, and policies; 110 pods are this node's. The agent, compiled as it
is shipped, with a clock beside it, starts, reads everything and writes its first ruleset. Some time later its memory counts as settled;
then 100 pods and 10 policies change each second: the steady state. A gap is the time by which the event loop turned later than it should. The
server's own work takes place on the same machine, in the same seconds.
`,
  charts: (results) => (results.length === 0 ? [] : [timeChart(results), memoryChart(results)]),
  reading: `
The time is spent on reading: the list of all pods is some hundred megabytes of JSON, of which a tenth is looked at. Memory is one small object for each pod of the cluster, because any of them may be the peer
of a policy, and the runtime itself. Gaps are collections of garbage first of all, then single long steps.
`,
};
