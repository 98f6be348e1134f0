import { expect, test } from "bun:test";
import { CELLS, TRAFFIC } from "./probe-plan.ts";
import { countChanges, legendLines, makeTable, tableLines } from "./table.ts";

/** What arrives where `passes` says so of a cell; everything elsewhere. */
function arrived(passes: (from: string, to: string) => readonly boolean[] | undefined): boolean[] {
  return CELLS.flatMap(({ from, to }) => passes(from.name, to.name) ?? TRAFFIC.map(() => true));
}

const open = makeTable(arrived(() => undefined));

test("makeTable marks what arrives whole, not at all, and in part with a legend", () => {
  const onlyTcp80 = TRAFFIC.map(({ protocol, port }) => protocol === "TCP" && port === 80);
  const onlyIPv6 = TRAFFIC.map(({ family }) => family === 6);
  const table = makeTable(
    arrived((from, to) => {
      if (to === "x/a") return TRAFFIC.map(() => false);
      if (from === "y/a" && to === "x/b") return onlyTcp80;
      return from === "y/b" && to === "x/b" ? onlyIPv6 : undefined;
    }),
  );
  expect(legendLines(table)).toEqual([
    "1  TCP 80 only",
    "2  over IPv4 nothing, over IPv6 TCP 80 and TCP 81 and UDP 80",
  ]);
  const later = makeTable(
    arrived((from, to) => (from === "x/a" && to === "z/c" ? onlyIPv6 : undefined)),
    table,
  );
  expect(legendLines(later)).toEqual(["2  over IPv4 nothing, over IPv6 TCP 80 and TCP 81 and UDP 80"]);
  expect(countChanges(table, open)).toBe(11 + 2);
  const [, , , , fourth, fifth] = tableLines(table, open);
  expect(fourth?.trim()).toBe("y/a     [X]  [1]   .      .    .    .      .    .    .      .    .");
  expect(fifth?.trim()).toBe("y/b     [X]  [2]   .      .    .    .      .    .    .      .    .");
});

test("tableLines puts nothing in brackets where nothing changed, and nothing between hosts outside", () => {
  const lines = tableLines(open, open);
  expect(lines.join("\n")).not.toContain("[");
  expect(lines).toHaveLength(1 + 11);
  expect(lines.at(-1)?.trimEnd()).toBe("  .200     .    .    .      .    .    .      .    .    .");
});
