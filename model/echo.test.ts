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
  // As the engine says it of tens of thousands of lists in each other, after seconds.
  const deep = {
    toJSON(): never {
      throw new RangeError("Maximum call stack size exceeded.");
    },
  };
  expect(echo(deep)).toBe("a value that is nested too deep to be shown");
});
