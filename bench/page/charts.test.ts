import { expect, test } from "bun:test";
import { barChart } from "./bar-chart.ts";
import { lineChart } from "./line-chart.ts";
import { linearScale, logarithmicScale } from "./scale.ts";

test("a logarithmic scale runs over whole powers of ten", () => {
  const { ticks, at } = logarithmicScale([3, 200], [0, 300]);
  expect(ticks).toEqual([1, 10, 100, 1_000]);
  expect([1, 10, 1_000].map(at)).toEqual([0, 100, 300]);
});

test("one value has a scale, too", () => {
  expect(logarithmicScale([10], [0, 100]).ticks).toEqual([10, 100]);
  expect(linearScale([0], [0, 100]).at(0)).toBe(0);
});

test("a linear scale begins at 0 and ends above all values", () => {
  const { ticks, at } = linearScale([230, 46], [0, 500]);
  expect(ticks).toEqual([0, 50, 100, 150, 200, 250]);
  expect(at(250)).toBe(500);
});

test("charts name what they show, and escape it", () => {
  const format = String;
  const bars = barChart({
    title: "a < b",
    format,
    bars: [{ name: "one & two", parts: [{ name: "x", value: 3 }] }],
  });
  expect(bars).toContain("<title>a &lt; b</title>");
  expect(bars).toContain("one &amp; two");
  const line = lineChart({
    title: "growth",
    xTitle: "objects",
    series: [
      {
        name: "netlink",
        points: [
          [10, 1],
          [100, 2],
        ],
      },
    ],
    y: { scale: "logarithmic", format },
    marks: [{ y: 5, name: "goal" }],
  });
  for (const text of ["growth", "objects", "netlink", "goal", ">100<"]) expect(line).toContain(text);
});
