import { expect, test } from "bun:test";
import { tableDifferences, type TableObjects, tableObjects } from "./table-objects.ts";

interface Written {
  readonly epoch: number;
  readonly elements?: readonly unknown[];
  readonly verdict?: object;
  readonly rules?: readonly string[];
  readonly more?: readonly object[];
}

/** As nft lists it, with handles and counters that no second table has. */
function table({
  epoch,
  elements = ["10.0.0.1", "10.0.0.2"],
  verdict,
  rules,
  more = [],
}: Written): TableObjects {
  const at = (name: string): string => `e${epoch}-${name}`;
  const chain = at("program");
  const go = verdict ?? { goto: { target: chain } };
  const nftables = [
    { metainfo: { version: "1.0.6", json_schema_version: 1 } },
    { table: { family: "inet", name: "tortie", handle: epoch, flags: "owner" } },
    { set: { name: at("peers"), type: "ipv4_addr", handle: epoch * 3, elem: elements } },
    { map: { name: at("interfaces"), type: "ifname", map: "verdict", handle: 9, elem: [["cali1", go]] } },
    { chain: { name: chain, handle: epoch * 5 } },
    ...(rules ?? ["first", "second"]).map((comment, index) => ({
      rule: {
        chain,
        handle: epoch * 100 + index,
        comment,
        expr: [
          { match: { op: "==", left: { payload: {} }, right: `@${at("peers")}` } },
          { counter: { packets: epoch, bytes: epoch } },
          { drop: null },
        ],
      },
    })),
    ...more,
  ];
  return tableObjects(JSON.stringify({ nftables }));
}

test("two tables of one wish are equal, whatever their epochs, handles, counters and the order of elements", () => {
  const one = table({ epoch: 1 });
  const other = table({ epoch: 17, elements: ["10.0.0.2", "10.0.0.1"] });
  expect(tableDifferences(one, other)).toEqual([]);
  expect([...one.keys()]).toEqual([
    "set e-peers",
    'element of e-peers: "10.0.0.1"',
    'element of e-peers: "10.0.0.2"',
    "map e-interfaces",
    'element of e-interfaces: "cali1"',
    "chain e-program",
  ]);
});

test("a missing element is found, and one too many", () => {
  expect(tableDifferences(table({ epoch: 2, elements: ["10.0.0.1"] }), table({ epoch: 1 }))).toEqual([
    'missing: element of e-peers: "10.0.0.2"',
  ]);
  expect(tableDifferences(table({ epoch: 2 }), table({ epoch: 1, elements: ["10.0.0.1"] }))).toEqual([
    'too much: element of e-peers: "10.0.0.2"',
  ]);
});

test("an extra chain is found", () => {
  const left = { chain: { name: "e2-left", handle: 1 } };
  expect(tableDifferences(table({ epoch: 2, more: [left] }), table({ epoch: 1 }))).toEqual([
    "too much: chain e-left",
  ]);
});

test("another verdict of an element is found", () => {
  const [difference, ...others] = tableDifferences(
    table({ epoch: 2, verdict: { accept: null } }),
    table({ epoch: 1 }),
  );
  expect(others).toEqual([]);
  expect(difference).toStartWith(
    'other than wanted: element of e-interfaces: "cali1": {"accept":null} instead of',
  );
});

test.each([
  ["a missing rule", ["first"]],
  ["rules in another order", ["second", "first"]],
  ["another rule", ["first", "third"]],
])("%s makes the chain another", (_, rules) => {
  const found = tableDifferences(table({ epoch: 2, rules }), table({ epoch: 1 }));
  expect(found.map((line) => line.slice(0, line.indexOf(": {")))).toEqual([
    "other than wanted: chain e-program",
  ]);
});

test("a set of another type is found", () => {
  const of = (type: string): TableObjects => table({ epoch: 1, more: [{ set: { name: "e1-more", type } }] });
  expect(tableDifferences(of("ipv4_addr"), of("ipv6_addr"))).toHaveLength(1);
});
