import { expect, test } from "bun:test";
import { echo } from "./echo.ts";

test.each([
  ["text", '"text"'],
  [7, "7"],
  [undefined, "undefined"],
  [{ a: [1] }, '{"a":[1]}'],
  ["x".repeat(198), `"${"x".repeat(198)}"`],
  ["x".repeat(199), `"${"x".repeat(199)}…`],
  [`${"x".repeat(198)}😀`, `"${"x".repeat(198)}\u{fffd}…`],
])("echo: %#", (value, text) => {
  expect(echo(value)).toBe(text);
});

test("echo: a value that is nested deeper than can be written", () => {
  let deep: unknown = [];
  for (let depth = 0; depth < 40_000; depth++) deep = [deep];
  expect(echo(deep)).toBe("a value that is nested too deep to be shown");
});
