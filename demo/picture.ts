/**
 * The picture of the demo in the README, made of what it printed:
 *   script/demo | script/bun demo/picture.ts >docs/demo.svg
 */

/** One cell of a table: who sends is the row, who receives the column. */
interface Cell {
  /** As the table has it: `.` all arrive, `X` none, a digit some. */
  readonly mark: string;
  readonly changed: boolean;
}

interface Panel {
  readonly title: string;
  readonly names: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

const CELL = 13;
const LEFT = 44;
const TOP = 62;
const PANEL = { width: 212, height: 246, columns: 4 } as const;
/** Told apart by people with any kind of sight (Okabe and Ito). */
const ALL = "#009e73";
const NONE = "#d55e00";
const SOME = "#f0e442";
const COLOURS: Readonly<Record<string, string>> = { ".": ALL, X: NONE };
const INK = "#24292f";

const TITLE = /^\d+\. (?:examples\/demo\/)?([^:\n]+)/;

function cellsOf(line: string): Cell[] {
  return [...line.matchAll(/(\[?)([.X\d])\]?(?=\s|$|\])/g)].map(([, bracket, mark = ""]) => ({
    mark,
    changed: bracket === "[",
  }));
}

/** The steps of a demo that print a table. */
export function panelsOf(output: string): Panel[] {
  const steps = output.split(/^(?=\d+\. )/m).slice(1);
  return steps.flatMap((step) => {
    const lines = step.split("\n");
    const head = lines.findIndex((line) => /^\s+x\/a /.test(line));
    const names = (lines[head] ?? "").trim().split(/\s+/);
    const rows = lines.slice(head + 1, head + 1 + names.length).map((line) => cellsOf(line.slice(7)));
    const [, title = ""] = TITLE.exec(step) ?? [];
    return head === -1 ? [] : [{ title, names, rows }];
  });
}

function text(x: number, y: number, words: string, more = ""): string {
  return `<text x="${x}" y="${y}" ${more}>${words}</text>`;
}

function panel({ title, names, rows }: Panel, at: number): string {
  const x = (at % PANEL.columns) * PANEL.width;
  const y = Math.floor(at / PANEL.columns) * PANEL.height;
  const middle = (index: number): number => index * CELL + CELL / 2;
  const columns = names.map((name, index) =>
    text(0, 0, name, `transform="translate(${LEFT + middle(index) + 3},${TOP - 5}) rotate(-60)"`),
  );
  const lines = names.map((name, index) =>
    text(LEFT - 5, TOP + middle(index) + 3, name, 'text-anchor="end"'),
  );
  const squares = new Map<string, string>();
  let frames = "";
  for (const [down, row] of rows.entries()) {
    for (const [right, { mark, changed }] of row.entries()) {
      const square = `M${LEFT + right * CELL + 1} ${TOP + down * CELL + 1}h11v11h-11z`;
      const colour = COLOURS[mark] ?? SOME;
      squares.set(colour, (squares.get(colour) ?? "") + square);
      if (changed) frames += square;
    }
  }
  const cells = [...squares].map(([colour, path]) => `<path fill="${colour}" d="${path}"/>`);
  cells.push(`<path fill="none" stroke="${INK}" stroke-width="1.8" d="${frames}"/>`);
  const heading = text(6, 16, title, 'font-size="12" font-weight="600"');
  return [`<g transform="translate(${x},${y})">`, heading, ...columns, ...lines, ...cells, "</g>"].join("\n");
}

function legend(y: number): string {
  const entries = [
    [ALL, "all packets arrive"],
    [NONE, "all are dropped"],
    [SOME, "some ports or families"],
  ] as const;
  return entries
    .map(([colour, words], at) => {
      const x = 8 + at * 190;
      return `<rect x="${x}" y="${y - 9}" width="11" height="11" rx="2" fill="${colour}"/>\n${text(x + 17, y, words, 'font-size="12"')}`;
    })
    .concat(text(580, y, "framed: changed by this step", 'font-size="12"'))
    .join("\n");
}

/** An SVG of all tables; the same for every run that decides alike, for it holds no times. */
export function demoPicture(output: string): string {
  const panels = panelsOf(output);
  const width = PANEL.columns * PANEL.width;
  const height = Math.ceil(panels.length / PANEL.columns) * PANEL.height + 26;
  const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="system-ui, sans-serif" font-size="9" fill="${INK}">`,
    "<title>tortie demo: who reaches whom after each policy, measured with packets</title>",
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...panels.map(panel),
    legend(height - 14),
    "</svg>\n",
  ].join("\n");
}

if (import.meta.main) process.stdout.write(demoPicture(await Bun.stdin.text()));
