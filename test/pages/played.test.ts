import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { blocksOf, pages } from "./page-blocks.ts";
import { PLAYED } from "./played.ts";

const root = new URL("../..", import.meta.url).pathname;

test("each heading with commands is played by one test", () => {
  const shown = pages().flatMap((page) => blocksOf(page).map(({ heading }) => `${page}: ${heading}`));
  const played = PLAYED.map(([page, heading]) => `${page}: ${heading}`);
  expect(played.toSorted()).toEqual([...new Set(shown)].toSorted());
});

test.each(PLAYED.filter(([, , file]) => file !== "script/test"))("%s, %s is in %s", (page, heading, file) => {
  const text = readFileSync(`${root}/${file}`, "utf8");
  const calls = [...text.matchAll(/\.play\("([^"]+)"(?:, "([^"]+)")?\)/g)];
  expect(calls.some(([, one, below]) => one === page && (below === undefined || below === heading))).toBe(
    true,
  );
});
