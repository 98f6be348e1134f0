const NARROWEST = 5;
const PADDING = 3;

/** Columns as wide as their widest cell and 3 blanks, at least 5; nothing after the last one; an empty line at the end. */
export function tableText(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(NARROWEST, widths[column] ?? 0, cell.length + PADDING);
    }
  }
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("")
      .trimEnd(),
  );
  return `${lines.join("\n")}\n\n`;
}
