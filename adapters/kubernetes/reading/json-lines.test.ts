import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { testSeed } from "../../../test/worlds/seed.ts";
import { createJsonLines } from "./json-lines.ts";

function readAll(body: string, size: number): unknown[] {
  const bytes = new TextEncoder().encode(body);
  const records = createJsonLines();
  const lines: unknown[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    records.feed(bytes.subarray(at, at + size));
    for (let line = records.take(); line !== undefined; line = records.take()) lines.push(line);
  }
  records.end();
  return lines;
}

test("lines in any pieces are the values that were written", () => {
  const values = fc.array(fc.jsonValue({ stringUnit: "grapheme" }), { maxLength: 10 });
  fc.assert(
    fc.property(
      values,
      fc.integer({ min: 1, max: 50 }),
      fc.constantFrom("\n", "\r\n", "\n\n"),
      (given, size, end) => {
        const texts = given.map((value) => JSON.stringify(value) + end);
        expect(readAll(texts.join(""), size)).toEqual(texts.map((text): unknown => JSON.parse(text)));
      },
    ),
    { seed: testSeed(), numRuns: 1000 },
  );
});

test("a body that ends within a line is refused, also where the line would be whole", () => {
  for (const body of ['{"a":1}', '{"a":1}\n{"a"']) {
    expect(() => readAll(body, 3)).toThrow("a body that ends in the middle of a line");
  }
});

test("a line that is no JSON is named by its beginning", () => {
  expect(() => readAll("{}\nwelcome\n{}\n", 2)).toThrow(
    /^a line that is no JSON \(.*\), beginning with "welcome"$/,
  );
});
