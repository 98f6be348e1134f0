import { expect, test } from "bun:test";
import type { Selector } from "../model/selector.ts";
import { peerKey, peerText, selectorKey } from "./peer-text.ts";
import { block, label, peer, podsOf, podsWhereNamespace } from "./test-objects.ts";

function key(endpoints: Selector): string {
  return selectorKey({ namespaces: { kind: "any" }, endpoints });
}

test("the order of parts does not matter", () => {
  const has: Selector = { kind: "has", key: "b" };
  const both = key({ kind: "and", operands: [label("a", "1", "2"), has] });
  expect(key({ kind: "and", operands: [has, label("a", "2", "1")] })).toBe(both);
  expect(peerKey(block("10.0.0.0/8", "10.1.0.0/16", "10.2.0.0/16"))).toBe(
    peerKey(block("10.0.0.0/8", "10.2.0.0/16", "10.1.0.0/16")),
  );
});

test("a net is not its exception", () => {
  expect(peerKey(block("10.0.0.0/8", "10.1.0.0/16"))).not.toBe(peerKey(block("10.0.0.0/8")));
});

const different: readonly [string, Selector, Selector][] = [
  ["a value with a quote and two values", label("k", "a', 'b", "c"), label("k", "a", "b", "c")],
  [
    "a key with a closing bracket",
    { kind: "has", key: "a) && has(b" },
    {
      kind: "and",
      operands: [
        { kind: "has", key: "a" },
        { kind: "has", key: "b" },
      ],
    },
  ],
  ["not and none", { kind: "not", operand: { kind: "all" } }, { kind: "none" }],
  ["has and in", { kind: "has", key: "k" }, label("k")],
  [
    "an and of one and that one inside a not",
    { kind: "and", operands: [label("k", "v")] },
    { kind: "not", operand: label("k", "v") },
  ],
];

test.each(different)("%s are told apart", (_, a, b) => expect(key(a)).not.toBe(key(b)));

test("namespaces by name, by label and anywhere are told apart, and so are namespace and pod labels", () => {
  const keys = [
    selectorKey(podsOf("x")),
    selectorKey(podsWhereNamespace("x")),
    key({ kind: "all" }),
    key(label("name", "x")),
    selectorKey({
      namespaces: { kind: "labelled", selector: { kind: "all" } },
      endpoints: label("name", "x"),
    }),
  ];
  expect(new Set(keys).size).toBe(keys.length);
});

test("in words", () => {
  expect(peerText(peer(podsOf("x", "a")))).toBe("namespace 'x': app == 'a'");
  expect(peerText(block("10.0.0.0/8", "10.2.0.0/16", "10.1.0.0/16"))).toBe(
    "10.0.0.0/8 except 10.1.0.0/16, 10.2.0.0/16",
  );
});
