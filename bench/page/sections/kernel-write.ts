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
    name: `kernel-write-${op}`,
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
The real driver compiles a node, one element (an address joins a set of peers), one endpoint or one policy changes, and the batches that
it makes of the change are written again and again: by Tortie's own netlink writer, by libnftables in the same process, and by \`nft -j -f\` as
a program. \`raw\` sends the same messages ready made: what is between it and \`netlink\` is our encoding. Each endpoint has policies of its own, so
that nothing is shared; real nodes have fewer chains and sets (\`kernel_table_chains\`, \`kernel_table_sets\`). What falls out of use is deleted afterwards,
in the background, and counted apart (\`kernel_removal_seconds\`, \`kernel_tidy_seconds\`).
`,
  charts: (results) =>
    results.length === 0 ? [] : ["element", "endpoint", "policy"].map((op) => chart(results, op)),
  reading: "",
};
