import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { fieldReader, type Fields } from "./field-reader.ts";

const encoder = new TextEncoder();

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The same by JSON.parse: the oracle. */
function picked(value: unknown, fields: Fields): unknown {
  if (Array.isArray(value)) return value.map((entry) => picked(entry, fields));
  if (!isRecord(value)) return value;
  const wanted = Object.entries(value).flatMap(([name, inside]): [string, unknown][] => {
    const of = Object.hasOwn(fields, name) ? fields[name] : undefined;
    return of === undefined ? [] : [[name, typeof of === "object" ? picked(inside, of) : inside]];
  });
  return Object.fromEntries(wanted);
}

const NAMES = ["a", "b", "name", "metadata", "é", "a/b.c"];
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom<unknown>(null, true, false, 0, -1.5e-7, "", '"', "\\", '{"a":[', "ü\u2028\n"),
    fc.string({ unit: "binary" }),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...NAMES), fc.string()), tie("value"), { maxKeys: 5 }),
  ),
}));
const { fields } = fc.letrec<{ fields: Fields }>((tie) => ({
  fields: fc.dictionary(
    fc.constantFrom(...NAMES),
    fc.oneof({ maxDepth: 3 }, fc.constantFrom<Fields[string]>(true, "shared"), tie("fields")),
    { maxKeys: 4, noNullPrototype: true },
  ) as fc.Arbitrary<Fields>,
}));

test("reads what JSON.parse reads, and of it the wanted fields only", () => {
  fc.assert(
    fc.property(value, fields, fc.constantFrom(0, 1, 4), (object, wanted, indent) => {
      const text = JSON.stringify(object, null, indent);
      expect(fieldReader(wanted)(encoder.encode(text))).toEqual(picked(JSON.parse(text), wanted));
    }),
    { numRuns: 2_000 },
  );
});

test("one reader reads many, from the middle of a buffer too", () => {
  const read = fieldReader({ a: true });
  expect(read(encoder.encode('{"a":1,"b":2}'))).toEqual({ a: 1 });
  expect(read(encoder.encode('xx{"b":2,"a":[3]} yy'), 2, 17)).toEqual({ a: [3] });
  const long = "é".repeat(10_000);
  expect(read(encoder.encode(`{"a":"${long}"}`))).toEqual({ a: long });
});

test("where many objects say the same, they share what was read of the first", () => {
  const read = fieldReader({ labels: "shared", name: "shared" });
  const labelsOf = (text: string): unknown => (read(encoder.encode(text)) as { labels: unknown }).labels;
  const first = labelsOf('{"name":"x","labels":{"app":"web"}}');
  expect(first).toEqual({ app: "web" });
  expect(labelsOf('{"labels": {"app":"web"},"name":"y"}')).toBe(first);
  expect(labelsOf('{"labels":{"app":"web","a":1}}')).toEqual({ app: "web", a: 1 });
  const long = `{"labels":{"app":"${"x".repeat(100_000)}"}}`;
  expect(labelsOf(long)).toEqual(labelsOf(long));
  // What nobody will ask for again is not held.
  expect(labelsOf(long)).not.toBe(labelsOf(long));
});

test("an object that ends anywhere before its end is refused", () => {
  const read = fieldReader({ metadata: { name: true }, items: { a: true } });
  const text = '{"metadata":{"name":"x","y":[1,{"z":"}"}]},"items":[{"a":1},{"b":null}],"more":-1.5}';
  expect(read(encoder.encode(text))).toEqual({ metadata: { name: "x" }, items: [{ a: 1 }, {}] });
  for (let end = 0; end < text.length; end++) {
    expect(() => read(encoder.encode(text.slice(0, end)))).toThrow();
  }
});

const broken = [
  '{"a" 1}',
  '{"a":}',
  '{"b":}',
  "{a:1}",
  '{"a":1}}',
  '{"a":1} x',
  '{"a":[1 2]}',
  '{"a":[}',
  '{"b":[1',
  "",
];

test.each(broken)("refuses %p", (text) => {
  expect(() => fieldReader({ a: true })(encoder.encode(text))).toThrow();
});

test("bytes that are no UTF-8 are refused where they are read", () => {
  const bytes = encoder.encode('{"a":"x"}');
  bytes[6] = 0xff;
  expect(() => fieldReader({ a: true })(bytes)).toThrow();
});
