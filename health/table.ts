import type { HealthReport } from "./components.ts";

const HEADINGS = ["COMPONENT", "TIMEOUT", "LIVENESS", "READINESS", "DETAIL"] as const;

/** Seconds as Go prints a duration: `1m30s`. */
function duration(seconds: number | undefined): string {
  if (seconds === undefined) return "-";
  const minutes = Math.floor(seconds / 60);
  const rest = seconds - minutes * 60;
  return minutes === 0 ? `${rest}s` : `${minutes}m${rest}s`;
}

function centred(text: string, width: number): string {
  const left = Math.floor((width - text.length) / 2);
  return text.padStart(text.length + left).padEnd(width);
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** The component table as Calico's agent prints it; a detail of several lines takes several rows. */
export function healthTable({ components }: HealthReport): string {
  const rows = components.flatMap(({ name, timeoutSeconds, live, ready, detail: texts }) => {
    const detail = texts.flatMap((text) => text.split("\n"));
    const first = [
      name,
      duration(timeoutSeconds),
      live ? "reporting live" : "reporting non-live",
      ready ? "reporting ready" : "reporting non-ready",
      detail[0] ?? "",
    ];
    return [first, ...detail.slice(1).map((text) => ["", "", "", "", text])];
  });
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const edge = `+${widths.map((width) => "-".repeat(width + 2)).join("+")}+`;
  return [
    edge,
    tableRow(HEADINGS.map((heading, column) => centred(heading, widths[column] ?? 0))),
    edge,
    ...rows.map((row) => tableRow(row.map((cell, column) => cell.padEnd(widths[column] ?? 0)))),
    edge,
    "",
  ].join("\n");
}
