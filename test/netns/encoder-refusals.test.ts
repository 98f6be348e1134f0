import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { type Command, type Expression, FAMILY, type Statement } from "../../dataplane/nft/batch.ts";
import { LibnftablesWriter } from "../../dataplane/nft/libnftables-writer.ts";
import { NetlinkWriter } from "../../dataplane/nft/netlink-writer.ts";
import { NftPlace, tableJson } from "../encoder/nft-place.ts";
import { keys, SHAPES } from "../encoder/random-keys.ts";
import { testSeed } from "../worlds/seed.ts";

const TABLE = "tortie-refusals";
const IN_TABLE = { family: FAMILY, table: TABLE } as const;
const SOURCE = { payload: { protocol: "ip", field: "saddr" } } as const;
const IIFNAME = { meta: { key: "iifname" } } as const;

const chain = (name: string): Command => ({ add: { chain: { ...IN_TABLE, name } } });
const rule = (name: string, ...expr: Statement[]): Command => ({
  add: { rule: { ...IN_TABLE, chain: name, expr } },
});
const jump = (target: string): Statement => ({ jump: { target } });
const add = (name: string, ...elem: Expression[]): Command => ({
  add: { element: { ...IN_TABLE, name, elem } },
});

const GIVEN: readonly Command[] = [
  { add: { table: { family: FAMILY, name: TABLE } } },
  {
    add: { chain: { ...IN_TABLE, name: "base", type: "filter", hook: "forward", prio: 0, policy: "accept" } },
  },
  {
    add: {
      chain: { ...IN_TABLE, name: "out", type: "nat", hook: "postrouting", prio: 100, policy: "accept" },
    },
  },
  ...["a", "b", "c"].map((name) => chain(`c-${name}`)),
  { add: { set: { ...IN_TABLE, name: "s-hosts", type: "ipv4_addr" } } },
  { add: { set: { ...IN_TABLE, name: "s-blocks", type: "ipv4_addr", flags: ["interval"] } } },
  { add: { map: { ...IN_TABLE, name: "m-links", type: "ifname", map: "verdict" } } },
  add("s-hosts", "10.0.0.1"),
  add("s-blocks", { prefix: { addr: "10.0.0.0", len: 8 } }, { range: ["255.0.0.0", "255.255.255.255"] }),
  { add: { element: { ...IN_TABLE, name: "m-links", elem: [["cali1", { goto: { target: "c-b" } }]] } } },
  rule("base", jump("c-a")),
  rule("c-a", { match: { op: "==", left: SOURCE, right: "@s-hosts" } }, { drop: null }),
  rule("c-a", { vmap: { key: IIFNAME, data: "@m-links" } }),
];

const WRONG: Readonly<Record<string, readonly Command[]>> = {
  "a jump to a missing chain": [rule("c-c", jump("c-none"))],
  "a rule in a missing chain": [rule("c-none", { drop: null })],
  "a lookup in a missing set": [rule("c-c", { match: { op: "==", left: SOURCE, right: "@s-none" } })],
  "a missing map": [rule("c-c", { vmap: { key: IIFNAME, data: "@m-none" } })],
  "an element for a missing set": [add("s-none", "10.0.0.1")],
  "a map's element that goes to a missing chain": [
    { add: { element: { ...IN_TABLE, name: "m-links", elem: [["cali2", { jump: { target: "c-none" } }]] } } },
  ],
  "another verdict for a key": [
    { add: { element: { ...IN_TABLE, name: "m-links", elem: [["cali1", { drop: null }]] } } },
  ],
  "an address where a name is wanted": [add("s-hosts", "not an address")],
  "an IPv6 address in a set of IPv4": [add("s-hosts", "fe80::1")],
  "a prefix in a set without intervals": [
    { add: { element: { ...IN_TABLE, name: "s-hosts", elem: [{ range: ["10.0.0.8", "10.0.0.4"] }] } } },
  ],
  "a range inside another": [add("s-blocks", { range: ["10.1.0.0", "10.2.0.0"] })],
  "a range across the start of another": [add("s-blocks", { range: ["9.0.0.0", "10.0.0.0"] })],
  "a range across the end of another": [add("s-blocks", { range: ["10.255.255.255", "11.0.0.0"] })],
  "a range around another": [add("s-blocks", { prefix: { addr: "8.0.0.0", len: 5 } })],
  "a range inside one that runs to the end": [add("s-blocks", "255.255.255.255")],
  "overlapping blocks in one command": [
    add("s-blocks", { prefix: { addr: "20.0.0.0", len: 8 } }, { prefix: { addr: "20.1.0.0", len: 16 } }),
  ],
  "a block in a range to the end, in one command": [
    add("s-blocks", "200.0.0.0", { range: ["199.0.0.0", "255.255.255.255"] }),
  ],
  "the removal of half a range": [
    {
      delete: {
        element: { ...IN_TABLE, name: "s-blocks", elem: [{ prefix: { addr: "10.0.0.0", len: 9 } }] },
      },
    },
  ],
  "the removal of a missing element": [
    { delete: { element: { ...IN_TABLE, name: "s-hosts", elem: ["1.1.1.1"] } } },
  ],
  "the removal of a missing key": [
    { delete: { element: { ...IN_TABLE, name: "m-links", elem: ["cali2"] } } },
  ],
  "the removal of a missing chain": [{ delete: { chain: { ...IN_TABLE, name: "c-none" } } }],
  "the removal of a missing set": [{ delete: { set: { ...IN_TABLE, name: "s-none" } } }],
  "the removal of a missing map": [{ delete: { map: { ...IN_TABLE, name: "m-none" } } }],
  "the removal of a missing table": [{ delete: { table: { family: FAMILY, name: "missing" } } }],
  "a flush of a missing chain": [{ flush: { chain: { ...IN_TABLE, name: "c-none" } } }],
  "the removal of a chain in use": [{ delete: { chain: { ...IN_TABLE, name: "c-a" } } }],
  "the removal of a chain that a map goes to": [{ delete: { chain: { ...IN_TABLE, name: "c-b" } } }],
  "the removal of a set in use": [{ delete: { set: { ...IN_TABLE, name: "s-hosts" } } }],
  "a set of another type": [{ add: { set: { ...IN_TABLE, name: "s-hosts", type: "ipv6_addr" } } }],
  "a base chain on another hook": [
    {
      add: { chain: { ...IN_TABLE, name: "base", type: "filter", hook: "input", prio: 0, policy: "accept" } },
    },
  ],
  "a chain that translates where packets are forwarded": [
    { add: { chain: { ...IN_TABLE, name: "n", type: "nat", hook: "forward", prio: 100, policy: "accept" } } },
  ],
  "a chain that translates before conntrack": [
    {
      add: {
        chain: { ...IN_TABLE, name: "n", type: "nat", hook: "postrouting", prio: -300, policy: "accept" },
      },
    },
  ],
  "a chain of another type": [
    {
      add: {
        chain: { ...IN_TABLE, name: "out", type: "filter", hook: "postrouting", prio: 100, policy: "accept" },
      },
    },
  ],
  "masquerading in a chain that filters": [rule("base", { masquerade: null })],
  "masquerading in a chain that a filtering one jumps to": [rule("c-a", { masquerade: null })],
  "masquerading on the way in": [
    {
      add: {
        chain: { ...IN_TABLE, name: "n", type: "nat", hook: "prerouting", prio: 100, policy: "accept" },
      },
    },
    rule("n", { masquerade: { flags: ["fully-random"] } }),
  ],
  "a loop": [rule("c-b", jump("c-a"))],
  "a loop through a new chain": [chain("c-new"), rule("c-new", jump("c-a")), rule("c-b", jump("c-new"))],
  "jumps deeper than 16": [
    ...Array.from({ length: 18 }, (_, at) => chain(`d-${at}`)),
    ...Array.from({ length: 17 }, (_, at) => rule(`d-${at}`, jump(`d-${at + 1}`))),
    rule("base", jump("d-0")),
  ],
  "a name of 256 characters": [chain("c".repeat(256))],
  "a rule of two families": [
    rule(
      "c-c",
      { match: { op: "==", left: SOURCE, right: "10.0.0.1" } },
      { match: { op: "==", left: { payload: { protocol: "ip6", field: "saddr" } }, right: "fe80::1" } },
    ),
  ],
};

test.each(Object.entries(WRONG))("both writers refuse %s, alike, and change nothing", (_, wrong) => {
  using ours = new NftPlace();
  using theirs = new NftPlace();
  using netlink = ours.namespace.run(() => new NetlinkWriter());
  using library = theirs.namespace.run(() => new LibnftablesWriter());
  for (const writer of [netlink, library]) expect(writer.apply({ nftables: GIVEN })).toEqual({ ok: true });
  const before = tableJson(ours, TABLE);
  const first: Command = chain("c-first");
  const found = netlink.apply({ nftables: [first, ...wrong] });
  const reference = library.apply({ nftables: [first, ...wrong] });
  if (found.ok || reference.ok) throw new Error(`taken: netlink ${found.ok}, libnftables ${reference.ok}`);
  const code = found.failures[0]?.code ?? "";
  expect(code).not.toBe("");
  // libnftables tells no code for what it refuses itself.
  for (const failure of reference.failures) expect(["", code]).toContain(failure.code);
  for (const { index } of found.failures) expect(index).toBeGreaterThan(0);
  expect(tableJson(ours, TABLE)).toEqual(before);
  expect(tableJson(theirs, TABLE)).toEqual(before);
});

test("both writers refuse to remove what a set of any type does not hold", () => {
  using ours = new NftPlace();
  using theirs = new NftPlace();
  using netlink = ours.namespace.run(() => new NetlinkWriter());
  using library = theirs.namespace.run(() => new LibnftablesWriter());
  const writers = [netlink, library];
  const shapes = SHAPES.map((shape, at) => ({ shape, name: `s-${at}` }));
  const sets = shapes.map(({ shape: { types, interval }, name }): Command => {
    const [only] = types;
    const type = types.length === 1 ? only : types;
    return { add: { set: { ...IN_TABLE, name, type, ...(interval && { flags: ["interval"] }) } } };
  });
  const nftables: Command[] = [{ add: { table: { family: FAMILY, name: TABLE } } }, ...sets];
  for (const writer of writers) expect(writer.apply({ nftables })).toEqual({ ok: true });
  const wrong = fc
    .constantFrom(...shapes)
    .chain(({ shape, name }) => keys(shape).map((elem) => ({ name, elem: elem.slice(0, 1) })))
    .filter(({ elem }) => elem.length > 0);
  fc.assert(
    fc.property(wrong, ({ name, elem }) => {
      for (const writer of writers) {
        const result = writer.apply({ nftables: [{ delete: { element: { ...IN_TABLE, name, elem } } }] });
        expect(result).toMatchObject({ ok: false, failures: [{ index: 0 }] });
        if (!result.ok) expect(["", "ENOENT"]).toContain(result.failures[0]?.code ?? "missing");
      }
    }),
    { numRuns: 100, seed: testSeed() },
  );
});
