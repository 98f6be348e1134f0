import { CELLS, type Corner, OUTSIDE, PODS, TRAFFIC, type Traffic } from "./probe-plan.ts";

/** Marks of every cell of CELLS, in its order. */
export interface Table {
  readonly marks: readonly string[];
  /** What the marks beside `.` and `X` mean, by meaning. */
  readonly meanings: ReadonlyMap<string, string>;
}

function trafficName({ protocol, port }: Traffic): string {
  return `${protocol} ${port}`;
}

/** `TCP 80 and UDP 80 over IPv4`: families are told only where they differ. */
function passText(passes: readonly boolean[]): string {
  const byFamily = ([4, 6] as const).map((family) =>
    TRAFFIC.filter((traffic, index) => traffic.family === family && passes[index] === true)
      .map(trafficName)
      .join(" and "),
  );
  const [v4 = "", v6 = ""] = byFamily;
  if (v4 === v6) return `${v4} only`;
  return `over IPv4 ${v4 === "" ? "nothing" : v4}, over IPv6 ${v6 === "" ? "nothing" : v6}`;
}

/**
 * What arrived, in the order of CELLS and of TRAFFIC in each, as one mark a cell. Marks keep the meaning that they had
 * in the table `before`.
 */
export function makeTable(arrived: readonly boolean[], before?: Table): Table {
  const meanings = new Map(before?.meanings);
  const marks = CELLS.map((_, index) => {
    const passes = arrived.slice(index * TRAFFIC.length, (index + 1) * TRAFFIC.length);
    if (passes.every(Boolean)) return ".";
    if (!passes.some(Boolean)) return "X";
    const text = passText(passes);
    const mark = meanings.get(text) ?? String(meanings.size + 1);
    meanings.set(text, mark);
    return mark;
  });
  return { marks, meanings };
}

/** The meaning of every mark that the table uses, beside `.` and `X`. */
export function legendLines({ marks, meanings }: Table): string[] {
  return [...meanings].filter(([, mark]) => marks.includes(mark)).map(([text, mark]) => `${mark}  ${text}`);
}

/** How many cells differ. */
export function countChanges(now: Table, before: Table): number {
  return now.marks.filter((mark, index) => mark !== before.marks[index]).length;
}

function gap(corner: Corner): string {
  return corner.name.endsWith("a") || corner === OUTSIDE[0] ? "  " : "";
}

/** The table as lines, senders down and receivers across; cells that differ from `before` in brackets. */
export function tableLines(now: Table, before: Table = now): string[] {
  const columns = [...PODS, ...OUTSIDE];
  const head = columns.map((to) => `${gap(to)}${to.name.padStart(4)} `).join("");
  const line = (from: Corner): string => {
    const cells = columns.map((to) => {
      const index = CELLS.findIndex((cell) => cell.from === from && cell.to === to);
      const mark = now.marks[index];
      if (mark === undefined) return `${gap(to)}     `;
      return `${gap(to)}${mark === before.marks[index] ? `  ${mark}  ` : ` [${mark}] `}`;
    });
    return `  ${from.name.padEnd(5)}${cells.join("").trimEnd()}`;
  };
  return [`       ${head.trimEnd()}`, ...PODS.map(line), ...OUTSIDE.map(line)];
}
