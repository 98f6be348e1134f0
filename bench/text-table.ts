import { formatValue } from "./format-value.ts";
import type { Result } from "./result.ts";

/** Labels in words: `op=element writer=netlink`. */
export function labelText(labels: Result["labels"]): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value.includes(" ") ? JSON.stringify(value) : value}`)
    .join(" ");
}

const COLUMN = 14;

/** A block for each metric, a line for each set of labels. */
export function textTable(results: readonly Result[]): string {
  const width = Math.max(0, ...results.map(({ labels }) => labelText(labels).length)) + 2;
  const blocks = [...Map.groupBy(results, ({ metric }) => metric)].map(([metric, ofMetric]) => {
    const head = `${metric.padEnd(width + 2)}${["p50", "p99", "n"].map((name) => name.padStart(COLUMN)).join("")}\n`;
    const rows = ofMetric.map(({ labels, unit, p50, p99, n }) => {
      const cells = [formatValue(p50, unit), n === 1 ? "" : formatValue(p99, unit), String(n)];
      return `  ${labelText(labels).padEnd(width)}${cells.map((cell) => cell.padStart(COLUMN)).join("")}\n`;
    });
    return head + rows.join("");
  });
  return blocks.join("\n");
}
