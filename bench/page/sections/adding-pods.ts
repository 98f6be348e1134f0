import { formatValue } from "../../format-value.ts";
import type { Result } from "../../result.ts";
import { barChart } from "../bar-chart.ts";
import { type Chart, figures, type Section } from "../section.ts";

function chart(results: readonly Result[]): Chart {
  const ours = ["without the agent", "agent"].flatMap((part) =>
    figures(results, "cni_add_seconds", { plugin: "tortie", part }),
  );
  const theirs = figures(results, "cni_add_seconds", { plugin: "ptp" });
  const names: Readonly<Record<string, string>> = {
    agent: "until the agent says that policy is in force",
    "without the agent": "the plugin, host-local included",
    whole: "the plugin, host-local included",
  };
  const parts = (some: readonly Result[]) =>
    some.map(({ labels, p50 }) => ({ name: names[labels["part"] ?? ""] ?? "", value: p50 }));
  return {
    name: "adding-pods",
    words: "ADD of our CNI plugin beside ptp of containernetworking",
    svg: barChart({
      title: "ADD, median",
      bars: [
        { name: "tortie", parts: parts(ours) },
        { name: "ptp", parts: parts(theirs) },
      ],
      format: (value) => formatValue(value, "seconds"),
    }),
  };
}

export const addingPodsSection: Section = {
  measurement: "adding-pods",
  title: "Adding a pod",
  how: `
On a node with the agent and 100 pods, pods are added in turn by \`tortie cni\` and by ptp of containernetworking, both with the same host-local. The
time is the plugin's process from its start to its end; what the agent's answers take of ours is counted apart.
`,
  charts: (results) => (results.length === 0 ? [] : [chart(results)]),
  reading: `
Half of ours is the start of a process of this size, and what the plugin does beyond ptp's work: a record of each container before anything is made, and the wait for the policy
to be in force, without which no pod runs.
`,
};
