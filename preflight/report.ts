import { counted } from "./some-of.ts";
import type { Finding, FindingStatus } from "./finding.ts";

export interface Report {
  readonly version: string;
  readonly node: string;
  /** The API server's URL; undefined: no cluster was asked. */
  readonly server: string | undefined;
  readonly findings: readonly Finding[];
}

const LONGEST_LINE = 110;
const ARROW = "-> ";
const STATUSES: readonly FindingStatus[] = ["ok", "warning", "failed", "not known"];

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line, at) => (at === 0 ? ARROW : " ".repeat(ARROW.length)) + line);
}

function columnWidth(texts: readonly string[]): number {
  return Math.max(0, ...texts.map((text) => text.length)) + 2;
}

/** A line for each finding, and what to do below it. */
export function reportText({ version, node, server, findings }: Report): string {
  const statuses = columnWidth(STATUSES);
  const names = columnWidth(findings.map(({ check }) => check));
  const margin = " ".repeat(statuses + names);
  const lines = findings.flatMap(({ check, status, found, mend }) => {
    const width = LONGEST_LINE - margin.length;
    const texts = [
      ...wrapped(found, width),
      ...(mend === undefined ? [] : indented(wrapped(mend, width - ARROW.length))),
    ];
    const begin = status.padEnd(statuses) + check.padEnd(names);
    return texts.map((text, at) => (at === 0 ? begin : margin) + text);
  });
  const counts = STATUSES.map((status) => ({
    status,
    count: findings.filter((finding) => finding.status === status).length,
  }));
  const sum = counts
    .filter(({ count }) => count > 0)
    .map(({ status, count }) => (status === "warning" ? counted(count, status) : `${count} ${status}`))
    .join(", ");
  const cluster = server === undefined ? "" : `, cluster ${server}`;
  return [`tortie ${version}, node ${node}${cluster}`, "", ...lines, "", sum, ""].join("\n");
}

/** The same for programs. */
export function reportJson(report: Report): string {
  const { version, node, server = null, findings } = report;
  const passed = !findings.some(({ status }) => status === "failed");
  return `${JSON.stringify({ version, node, server, passed, findings }, undefined, 2)}\n`;
}
