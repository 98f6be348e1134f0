import { linearScale } from "./scale.ts";
import { colour, element, label, picture } from "./svg.ts";

export interface BarPart {
  readonly name: string;
  readonly value: number;
}

export interface BarChart {
  readonly title: string;
  /** From top to bottom; the parts of one bar stand one after another. */
  readonly bars: readonly { readonly name: string; readonly parts: readonly BarPart[] }[];
  readonly format: (value: number) => string;
  /** A line through all bars, for a goal. */
  readonly mark?: { readonly value: number; readonly name: string };
}

const WIDTH = 720;
const LEFT = 220;
const RIGHT = 690;
const TOP = 52;
const BAR = 22;
const GAP = 12;
const LEGEND = 20;

function total(parts: readonly BarPart[]): number {
  return parts.reduce((sum, { value }) => sum + value, 0);
}

/** Horizontal bars. Parts of one name have one colour, which a legend below names where there is more than one. */
export function barChart({ title, bars, format, mark }: BarChart): string {
  const totals = bars.map(({ parts }) => total(parts));
  const scale = linearScale([...totals, mark?.value ?? 0], [LEFT, RIGHT - 60]);
  const names = [...new Set(bars.flatMap(({ parts }) => parts.map(({ name }) => name)))];
  const bottom = TOP + bars.length * (BAR + GAP);
  const grid = scale.ticks.flatMap((tick) => [
    element("line", { x1: scale.at(tick), x2: scale.at(tick), y1: TOP - 4, y2: bottom, stroke: "#dddddd" }),
    label(format(tick), { x: scale.at(tick), y: bottom + 16, "text-anchor": "middle" }),
  ]);
  const rows = bars.flatMap(({ name, parts }, row) => {
    const y = TOP + row * (BAR + GAP);
    let before = 0;
    const pieces = parts.map((part) => {
      const x = scale.at(before);
      before += part.value;
      const fill = colour(names.indexOf(part.name));
      return element("rect", { x, y, width: Math.max(0, scale.at(before) - x), height: BAR, fill });
    });
    return [
      label(name, { x: LEFT - 10, y: y + 16, "text-anchor": "end" }),
      ...pieces,
      label(format(before), { x: scale.at(before) + 6, y: y + 16 }),
    ];
  });
  const goal =
    mark === undefined
      ? []
      : [
          element("line", {
            x1: scale.at(mark.value),
            x2: scale.at(mark.value),
            y1: TOP - 4,
            y2: bottom,
            stroke: "#000000",
            "stroke-dasharray": "5 4",
          }),
          label(mark.name, {
            x: scale.at(mark.value),
            y: TOP - 8,
            "text-anchor": "middle",
            "font-style": "italic",
          }),
        ];
  const shown = names.length > 1 ? names : [];
  const legend = shown.flatMap((name, at) => {
    const y = bottom + 34 + at * LEGEND;
    return [
      element("rect", { x: LEFT, y: y - 10, width: 12, height: 12, fill: colour(at) }),
      label(name, { x: LEFT + 18, y }),
    ];
  });
  const height = bottom + 34 + shown.length * LEGEND;
  return picture({ width: WIDTH, height, title }, [...grid, ...rows, ...goal, ...legend]);
}
