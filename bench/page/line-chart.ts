import { linearScale, logarithmicScale } from "./scale.ts";
import { colour, element, label, picture } from "./svg.ts";

export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface LineChart {
  readonly title: string;
  readonly series: readonly Series[];
  readonly xTitle: string;
  readonly y: { readonly scale: "linear" | "logarithmic"; readonly format: (value: number) => string };
  /** Lines across, for goals. */
  readonly marks?: readonly { readonly y: number; readonly name: string }[];
}

const WIDTH = 720;
const HEIGHT = 400;
const LEFT = 84;
const RIGHT = 560;
const TOP = 48;
const BOTTOM = 340;

/** Places on the x axis are the points' own values, evenly spaced by their logarithm; 0 stands where 1 would. */
export function lineChart({ title, series, xTitle, y, marks = [] }: LineChart): string {
  const values = [
    ...series.flatMap(({ points }) => points.map(([, value]) => value)),
    ...marks.map((one) => one.y),
  ];
  const places = [...new Set(series.flatMap(({ points }) => points.map(([x]) => x)))].toSorted(
    (a, b) => a - b,
  );
  const across = logarithmicScale(
    places.map((x) => Math.max(x, 1)),
    [LEFT, RIGHT],
  );
  const scale = y.scale === "logarithmic" ? logarithmicScale : linearScale;
  const up = scale(values, [BOTTOM, TOP]);
  const xOf = (x: number): number => across.at(Math.max(x, 1));
  const grid = up.ticks.flatMap((tick) => [
    element("line", { x1: LEFT, x2: RIGHT, y1: up.at(tick), y2: up.at(tick), stroke: "#dddddd" }),
    label(y.format(tick), { x: LEFT - 8, y: up.at(tick) + 4, "text-anchor": "end" }),
  ]);
  const feet = places.map((x) =>
    label(x.toLocaleString("en-US"), { x: xOf(x), y: BOTTOM + 18, "text-anchor": "middle" }),
  );
  const lines = series.flatMap(({ name, points }, at) => {
    const path = points.map(([x, value]) => `${xOf(x).toFixed(1)},${up.at(value).toFixed(1)}`).join(" ");
    const legend = TOP + 12 + at * 22;
    return [
      element("polyline", { points: path, fill: "none", stroke: colour(at), "stroke-width": 2 }),
      ...points.map(([x, value]) =>
        element("circle", { cx: xOf(x), cy: up.at(value), r: 3.5, fill: colour(at) }),
      ),
      element("rect", { x: RIGHT + 16, y: legend - 10, width: 12, height: 12, fill: colour(at) }),
      label(name, { x: RIGHT + 34, y: legend }),
    ];
  });
  const goals = marks.flatMap((mark) => [
    element("line", {
      x1: LEFT,
      x2: RIGHT,
      y1: up.at(mark.y),
      y2: up.at(mark.y),
      stroke: "#000000",
      "stroke-dasharray": "5 4",
    }),
    label(mark.name, { x: RIGHT - 4, y: up.at(mark.y) - 5, "text-anchor": "end", "font-style": "italic" }),
  ]);
  const foot = label(xTitle, { x: (LEFT + RIGHT) / 2, y: BOTTOM + 42, "text-anchor": "middle" });
  return picture({ width: WIDTH, height: HEIGHT, title }, [...grid, ...feet, ...lines, ...goals, foot]);
}
