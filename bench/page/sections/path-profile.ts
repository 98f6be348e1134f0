import { formatValue } from "../../format-value.ts";
import type { Result } from "../../result.ts";
import { barChart } from "../bar-chart.ts";
import { type Chart, figures, type Section } from "../section.ts";

function chart(results: readonly Result[]): Chart {
  const steps = figures(results, "path_step_seconds").filter(
    ({ labels }) => labels["path"] !== "whole agent",
  );
  const bars = [
    ...Map.groupBy(steps, ({ labels }) => `${labels["path"] ?? ""}, ${labels["pods"] ?? ""} pods`),
  ].map(([name, ofPath]) => ({
    name,
    parts: ofPath.map(({ labels, p50 }) => ({ name: labels["step"] ?? "", value: p50 })),
  }));
  return {
    name: "path-profile",
    words: "Where the microseconds go, step by step",
    svg: barChart({
      title: "Where the microseconds go, medians",
      bars,
      format: (value) => formatValue(value, "seconds"),
    }),
  };
}

export const pathProfileSection: Section = {
  measurement: "path-profile",
  title: "Where the time goes",
  how: `
The two hottest paths, step by step, in the agent's own functions: a pod of another node joins the peers of this node's policies, in a cluster
of 10,000 pods. \`event to batch\` begins with the bytes of one line of the watch and ends with the commands for the kernel; \`batch to kernel\` encodes them, sends
them and keeps the books. \`whole agent\` is the same event through the parts as they are wired, with its waits for the event loop.
`,
  charts: (results) => (results.length === 0 ? [] : [chart(results)]),
  reading: `
Nothing here grows with the cluster: no step scans. Of the way to the batch the largest parts are compiling, planning and the reading of the
line, whose bytes are mostly skipped; of the way to the kernel it is the kernel. What a pass adds in the running agent are turns of the event loop and
promises.

What is left to gain: a plan without promises where nothing has to wait, and the first look-up by a text that was just made of bytes, whose
hash has to be computed (the store's and the compiler's). The reading of a line is near its floor, for all of its bytes have to be looked at.
`,
};
