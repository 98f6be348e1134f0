import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { parseAllDocuments } from "yaml";
import { splitDocuments } from "./split-documents.ts";

const texts = (text: string): string[] => splitDocuments(text).map((document) => document.text);

test.each<[string, string, string[]]>([
  ["nothing", "", []],
  ["blank lines and comments", "\n# a: 1\n  \n", []],
  ["one document", "a: 1\n", ["a: 1\n"]],
  ["one that begins with a marker", "---\na: 1\n", ["---\na: 1\n"]],
  ["a comment before the marker", "# first\n---\na: 1\n", ["# first\n---\na: 1\n"]],
  ["two", "a: 1\n---\nb: 2", ["a: 1\n", "---\nb: 2"]],
  ["a marker at the end", "a: 1\n---\n", ["a: 1\n", "---\n"]],
  ["content behind the marker", "--- {a: 1}\n--- b\n", ["--- {a: 1}\n", "--- b\n"]],
  ["lines of Windows", "a: 1\r\n---\r\nb: 2\r\n", ["a: 1\r\n", "---\r\nb: 2\r\n"]],
  ["what only looks like a marker", "a: 1\n----\n b\n---x: 1\n", ["a: 1\n----\n b\n---x: 1\n"]],
  ["an indented marker in a block scalar", "a: |\n  ---\n  b\n", ["a: |\n  ---\n  b\n"]],
  ["a marker that ends a quoted text", 'a: "b\n---\nc: 1\n', ['a: "b\n', "---\nc: 1\n"]],
  [
    "directives",
    "%YAML 1.2\n# c\n---\na: 1\n...\n%YAML 1.2\n---\nb: 2\n",
    ["%YAML 1.2\n# c\n---\na: 1\n...\n", "%YAML 1.2\n---\nb: 2\n"],
  ],
  ["an end and a bare document", "a: 1\n...\nb: 2\n...\n# end\n", ["a: 1\n...\n", "b: 2\n...\n"]],
  ["directives for nothing", "a: 1\n...\n%YAML 1.2\n", ["a: 1\n...\n", "%YAML 1.2\n"]],
])("%s", (_, text, expected) => {
  expect(texts(text)).toEqual(expected);
});

test("lines count from the file's first", () => {
  expect(splitDocuments("# c\na: 1\n---\n\nb: 2\n---\nc: 3\n").map(({ line }) => line)).toEqual([1, 3, 6]);
});

test("cutting finds the documents that the parser finds in the whole", () => {
  const line = fc.constantFrom(
    "a: 1",
    "- b",
    "# c",
    "",
    "---",
    "...",
    "--- d",
    "  e",
    "f: |",
    "'g",
    "---x",
    "{}",
    "%YAML 1.2",
  );
  const values = (text: string): unknown[] =>
    parseAllDocuments(text, { logLevel: "silent" }).flatMap((document) =>
      document.errors.length > 0 ? ["error"] : [document.toJS() as unknown],
    );
  const seed = Number(process.env["TORTIE_SEED"] ?? Date.now());
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
      const text = lines.join("\n");
      const whole = values(text);
      // An error may swallow what follows; where there is none, every document must be the same.
      fc.pre(!whole.includes("error"));
      expect(texts(text).flatMap(values)).toEqual(whole);
    }),
    { seed, numRuns: 2000 },
  );
});
