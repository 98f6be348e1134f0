import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { testSeed } from "../../../test/worlds/seed.ts";
import { createListItems } from "./list-items.ts";

/** Reads a body that arrives in pieces of these sizes, over and over. */
function readAll(
  body: string | Uint8Array,
  sizes: readonly number[],
): { items: unknown[]; metadata: unknown } {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const records = createListItems();
  const items: unknown[] = [];
  // One buffer for all pieces: what is kept must have been copied.
  const buffer = new Uint8Array(Math.max(...sizes));
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const piece = bytes.subarray(at, at + (sizes[turn % sizes.length] ?? 1));
    buffer.set(piece);
    records.feed(buffer.subarray(0, piece.length));
    for (let item = records.take(); item !== undefined; item = records.take()) items.push(item);
    buffer.fill(0x7b);
    at += piece.length;
  }
  return { items, metadata: records.end().metadata };
}

test("any list in any pieces, with its members in any order, gives its items", () => {
  const value = fc.jsonValue({ maxDepth: 4 });
  const text = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.constantFrom('"', "\\", '\\"]}', "items", "{[", "é😀"),
  );
  const item = fc.dictionary(text, fc.oneof(value, text), { maxKeys: 6 });
  const list = fc.record({
    items: fc.array(item, { maxLength: 8 }),
    metadata: fc.record({ resourceVersion: text, more: item }),
    kind: text,
    other: value,
    further: fc.record({ items: fc.array(item), metadata: value }),
  });
  const order = fc.shuffledSubarray(["items", "metadata", "kind", "other", "further"] as const, {
    minLength: 5,
  });
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(list, order, sizes, fc.constantFrom(0, 2), (given, names, pieces, indent) => {
      const members = Object.fromEntries(names.map((name) => [name, given[name]]));
      const body = JSON.stringify(members, undefined, indent);
      // What JSON can say of it: no undefined, no -0.
      const { items, metadata } = JSON.parse(body) as typeof given;
      expect(readAll(body, pieces)).toEqual({ items, metadata });
    }),
    { seed: testSeed(), numRuns: 1000 },
  );
});

test("an empty list may be null, and members may be written with escapes", () => {
  expect(readAll('{"items":null,"metadata":{"resourceVersion":"1"}}', [1])).toEqual({
    items: [],
    metadata: { resourceVersion: "1" },
  });
  expect(readAll('{"\\u0069tems" : [ {} , { } ] }', [3])).toEqual({ items: [{}, {}], metadata: undefined });
});

test.each([
  ["", "a list that ends in the middle"],
  ['{"items":[{"a":1}', "a list that ends in the middle"],
  ['{"items":[]', "a list that ends in the middle"],
  ["{}", "no list: it has no items"],
  ['{"items":{}}', 'no list of objects: unexpected "{"'],
  ['{"items":"none"}', "no list: it has no items"],
  ['{"items":[1]}', 'no list of objects: unexpected "1"'],
  ['{"items":["a"]}', 'no list of objects: unexpected "\\""'],
  ['{"items":[[]]}', 'no list of objects: unexpected "["'],
  ['{"items":[{}x{}]}', 'no list of objects: unexpected "x"'],
  ["[]", 'no list of objects: unexpected "["'],
  ["<html>", 'no list of objects: unexpected "<"'],
  ['{"items":[]}{"items":[]}', 'no list of objects: unexpected "{"'],
  ['{"items":[]}]', 'no list of objects: unexpected "]"'],
])("%s is refused: %s", (body, message) => {
  for (const size of [1, 100]) expect(() => readAll(body, [size])).toThrow(message);
});

test("an item that is no JSON is named by its beginning", () => {
  expect(() => readAll('{"items":[{"name":nothing}]}', [4])).toThrow(
    /^an item that is no JSON \(.*\), beginning with "\{\\"name\\":nothing\}"$/,
  );
  const bytes = new TextEncoder().encode('{"items":[{"name":"x"}]}');
  bytes[19] = 0xff;
  expect(() => readAll(bytes, [4])).toThrow(/^an item that is no JSON/);
});

test("an item without an end is not waited for without an end", () => {
  const records = createListItems();
  const piece = new Uint8Array(1024 * 1024).fill(0x61);
  records.feed(new TextEncoder().encode('{"items":[{"a":"'));
  records.take();
  expect(() => {
    for (let index = 0; index < 20; index++) {
      records.feed(piece);
      records.take();
    }
  }).toThrow("an object of more than 16 MiB");
});
