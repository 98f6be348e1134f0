import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { COMMENT_BYTES, safeComment } from "./comment.ts";

test.each([
  ["plain", "plain"],
  ['say "no"', "say 'no'"],
  ["two\nlines\tand\u0000more", "two lines and more"],
  ["a".repeat(128), "a".repeat(128)],
  ["a".repeat(129), `${"a".repeat(125)}...`],
  ["ü".repeat(65), `${"ü".repeat(62)}...`],
  ["\ud800", "\ufffd"],
])("safeComment(%j)", (text, expected) => {
  expect(safeComment(text)).toBe(expected);
});

test("whatever the text, the comment fits and holds no half characters", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
      const comment = safeComment(text);
      expect(Buffer.byteLength(comment)).toBeLessThanOrEqual(COMMENT_BYTES);
      expect(comment.isWellFormed()).toBe(true);
      expect(comment).not.toMatch(/["\p{Cc}]/u);
    }),
  );
});
