import { formatValue } from "../../format-value.ts";
import type { Result } from "../../result.ts";
import { lineChart, type Series } from "../line-chart.ts";
import { type Chart, figures, type Section } from "../section.ts";

const WRITERS = {
  raw: "the kernel alone (bytes ready)",
  netlink: "tortie (netlink)",
  libnftables: "libnftables",
  nft: "forked nft",
} as const;

/** Sizes that are a number: the one with a name of its own is not on the axis. */
function growthOf(results: readonly Result[], op: string, writer: string): Series["points"] {
  return figures(results, "kernel_write_seconds", { op, writer })
    .filter(({ labels }) => /^\d+$/.test(labels["objects"] ?? ""))
    .map(({ labels, p50 }) => [Number(labels["objects"]), p50] as const);
}

function chart(results: readonly Result[], op: string): Chart {
  const series = Object.entries(WRITERS).map(([writer, name]) => ({
    name,
    points: growthOf(results, op, writer),
  }));
  const title = `One ${op}, median`;
  return {
    name: `kernel-write-${op.replaceAll(" ", "-")}`,
    words: `What one ${op} costs at 10 to 5,000 local endpoints, by each writer`,
    svg: lineChart({
      title,
      series: series.filter(({ points }) => points.length > 0),
      xTitle: "endpoints of this node, each with policies of its own",
      y: { scale: "logarithmic", format: (value) => formatValue(value, "seconds") },
    }),
  };
}

export const kernelWriteSection: Section = {
  measurement: "kernel-write",
  title: "What a change costs the kernel",
  how: `
The real driver compiles a node; one element (an address joins a set of peers), one endpoint or one policy comes, or one policy is edited; and the batches that
it makes of the change are written again and again: by Tortie's own netlink writer, by libnftables in the same process, and by \`nft -j -f\` as
a program. \`raw\` sends the same messages ready made: what is between it and \`netlink\` is our encoding. Each endpoint has policies of its own, so
that nothing is shared; real nodes have fewer chains and sets (\`kernel_table_chains\`, \`kernel_table_sets\`). What falls out of use is deleted afterwards,
in the background, and counted apart (\`kernel_removal_seconds\`, \`kernel_tidy_seconds\`).
`,
  charts: (results) =>
    results.length === 0
      ? []
      : ["element", "endpoint", "policy", "policy edit"].map((op) => chart(results, op)),
  reading: `
Beside the change itself the kernel does two things: after each transaction with a new rule or jump it looks at every chain that packets can reach, and
whenever a set is named it walks the list of all sets. Members of a set come without the first, so most changes of a cluster are as cheap as they can be. A pod
that comes with its policies pays for one look, since no packet is on its way by it; a policy that comes to a pod that is there pays for two, because what is new is
made in one transaction and taken into use in the next: in one and the same, packets that were half through got lost (1 of 2,700,000). libnftables asks the
kernel for all sets and chains before each change, and \`nft\` is a new process beside that.

What is left to gain: the kernel compares the names of all sets, so shorter names would save a part of every change; a set for IPv6 that stays empty is a set
to walk by; and fewer chains make each look shorter, which is why pods with equal policies share them and few ports are rules instead of maps.
`,
};
