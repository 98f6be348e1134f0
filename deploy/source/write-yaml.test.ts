import { expect, test } from "bun:test";
import { parse } from "yaml";
import { withoutComments } from "./commented.ts";
import { writeYaml } from "./write-yaml.ts";

test("comments stand above what they are on, and the file begins with its own", () => {
  const object = { "#": "Whole.", "#a": "On a.", a: [{ "#": "An item.", b: "x" }], c: { d: ["e", "f"] } };
  expect(writeYaml("Head.\n  command", [object, { z: 1 }])).toBe(
    `# Head.
#   command

# Whole.
# On a.
a:
  # An item.
  - b: x
c:
  d: [ e, f ]
---
z: 1
`,
  );
});

test("long comments are broken between words, within 110 columns, and commands are not", () => {
  const text = writeYaml("", [{ a: { b: { "#c": "word ".repeat(60).trim(), c: 1 } } }]);
  const lines = text.split("\n");
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(110);
  expect(text.match(/word/g)).toHaveLength(60);
  const command = `  ${"x ".repeat(80)}`;
  expect(writeYaml(command, [{}])).toStartWith(`# ${command}\n`);
});

test("what older readers of YAML would take for something else is quoted", () => {
  const values = ["yes", "on", "1", "0x1", "", "null", "~", "1:30", "a: b"];
  const text = writeYaml("", [{ values: values.map((value) => ({ value })) }]);
  for (const version of ["1.1", "1.2"] as const)
    expect(parse(text, { version })).toEqual({ values: values.map((value) => ({ value })) });
});

test("a comment on what is not there is refused", () => {
  expect(() => writeYaml("", [{ "#a": "On nothing.", b: 1 }])).toThrow("a comment on a, which is not there");
});

test("comments are no part of the object", () => {
  expect(withoutComments({ "#": "x", "#a": "y", a: [{ "#": "z", b: 1 }] })).toEqual({ a: [{ b: 1 }] });
});
