import { expect, test } from "bun:test";
import { createMessageBuffer } from "../../../native/message-buffer.ts";
import { netlinkMessages } from "../../../native/netlink-messages.ts";
import { type Command, FAMILY } from "../batch.ts";
import { MASQUERADE } from "../expressions.ts";
import { encodeBatch } from "./encode-batch.ts";
import { createKnownSets } from "./known-sets.ts";
import type { SetShape } from "./value-types.ts";

const T = { family: FAMILY, table: "t" } as const;
const SOURCE = { payload: { protocol: "ip", field: "saddr" } } as const;
const NAMES: SetShape = { types: ["ifname"], interval: false };

/** The messages between BATCH_BEGIN and BATCH_END, without their headers, in hexadecimal words. */
function payloads(command: Command, shapes: Record<string, SetShape> = {}): string[] {
  const buffer = createMessageBuffer(16);
  const failures = encodeBatch(
    buffer,
    { nftables: [command] },
    createKnownSets((_, name) => shapes[name]),
  );
  expect(failures).toEqual([]);
  const messages = netlinkMessages(buffer.bytes.subarray(0, buffer.length));
  return messages.slice(1, -1).map(({ payload }) => payload.toHex().replaceAll(/.{8}(?=.)/g, "$& "));
}

// Compared with what `nft --debug=mnl` 1.0.6 sends for the same JSON.
const GOLDEN: Record<string, { readonly command: Command; readonly shape?: SetShape; readonly hex: string }> =
  {
    "a table that is owned and stays": {
      command: { add: { table: { family: FAMILY, name: "t", flags: ["owner", "persist"] } } },
      hex: "01000000 06000100 74000000 08000200 00000006",
    },
    "a base chain": {
      command: {
        add: { chain: { ...T, name: "c", type: "filter", hook: "forward", prio: -10, policy: "drop" } },
      },
      hex:
        "01000000 06000100 74000000 06000300 63000000 14000480 08000100 00000002 08000200 fffffff6 08000500 " +
        "00000000 0b000700 66696c74 65720000",
    },
    "a chain that translates": {
      command: {
        add: { chain: { ...T, name: "c", type: "nat", hook: "postrouting", prio: 100, policy: "accept" } },
      },
      hex:
        "01000000 06000100 74000000 06000300 63000000 14000480 08000100 00000004 08000200 00000064 08000500 " +
        "00000001 08000700 6e617400",
    },
    "a rule that masquerades": {
      command: { add: { rule: { ...T, chain: "c", expr: [MASQUERADE] } } },
      hex:
        "01000000 06000100 74000000 06000200 63000000 20000480 1c000180 09000100 6d617371 00000000 0c000280 " +
        "08000100 00000010",
    },
    "a rule that masquerades as the kernel likes": {
      command: { add: { rule: { ...T, chain: "c", expr: [{ masquerade: null }] } } },
      hex: "01000000 06000100 74000000 06000200 63000000 18000480 14000180 09000100 6d617371 00000000 04000280",
    },
    "a set of addresses": {
      command: { add: { set: { ...T, name: "s", type: "ipv4_addr" } } },
      hex:
        "01000000 06000100 74000000 06000200 73000000 08000300 00000000 08000400 00000007 08000500 00000004 " +
        "08000a00 00000001 0a000d00 00040200 00000000",
    },
    "a verdict map of interfaces": {
      command: { add: { map: { ...T, name: "m", type: "ifname", map: "verdict" } } },
      hex:
        "01000000 06000100 74000000 06000200 6d000000 08000300 00000008 08000400 00000029 08000500 00000010 " +
        "08000600 ffffff00 08000700 00000000 08000a00 00000001 10000d00 00040100 00000104 00000000",
    },
    "a verdict map of ports in ranges": {
      command: {
        add: {
          map: { ...T, name: "m", type: ["inet_proto", "inet_service"], flags: ["interval"], map: "verdict" },
        },
      },
      hex:
        "01000000 06000100 74000000 06000200 6d000000 08000300 0000008c 08000400 0000030d 08000500 00000008 " +
        "08000600 ffffff00 08000700 00000000 08000a00 00000001 20000980 1c000280 0c000180 08000100 00000001 " +
        "0c000180 08000100 00000002 10000d00 00040000 00000104 00000000",
    },
    "an interval with an end and one without": {
      command: {
        add: { element: { ...T, name: "s", elem: [{ prefix: { addr: "240.0.0.0", len: 4 } }, "10.0.0.1"] } },
      },
      shape: { types: ["ipv4_addr"], interval: true },
      hex:
        "01000000 06000100 74000000 06000200 73000000 48000380 10000180 0c000180 08000100 0a000001 18000180 " +
        "08000300 00000001 0c000180 08000100 0a000002 1c000180 0c000180 08000100 f0000000 0a000600 01040100 " +
        "00000000",
    },
    "a range of ports with its verdict": {
      command: {
        add: {
          element: {
            ...T,
            name: "s",
            elem: [[{ concat: ["udp", { range: [1000, 2000] }] }, { goto: { target: "c" } }]],
          },
        },
      },
      shape: { types: ["inet_proto", "inet_service"], interval: true },
      hex:
        "01000000 06000100 74000000 06000200 73000000 40000380 3c000180 10000180 0c000100 11000000 03e80000 " +
        "10000a80 0c000100 11000000 07d00000 18000280 14000280 08000100 fffffffc 06000200 63000000",
    },
    "the removal of an interface": {
      command: { delete: { element: { ...T, name: "s", elem: ["cali1"] } } },
      shape: NAMES,
      hex:
        "01000000 06000100 74000000 06000200 73000000 20000380 1c000180 18000180 14000100 63616c69 31000000 " +
        "00000000 00000000",
    },
    "a rule with a lookup, a counter and a comment": {
      command: {
        add: {
          rule: {
            ...T,
            chain: "c",
            expr: [
              { match: { op: "!=", left: SOURCE, right: "@s" } },
              { counter: null },
              { jump: { target: "d" } },
            ],
            comment: "why",
          },
        },
      },
      hex:
        "01000000 06000100 74000000 06000200 63000000 00010480 24000180 09000100 6d657461 00000000 14000280 " +
        "08000200 0000000f 08000100 00000001 2c000180 08000100 636d7000 20000280 08000100 00000001 08000200 " +
        "00000000 0c000380 05000100 02000000 34000180 0c000100 7061796c 6f616400 24000280 08000100 00000001 " +
        "08000200 00000001 08000300 0000000c 08000400 00000004 2c000180 0b000100 6c6f6f6b 75700000 1c000280 " +
        "08000200 00000001 06000100 73000000 08000500 00000001 14000180 0c000100 636f756e 74657200 04000280 " +
        "38000180 0e000100 696d6d65 64696174 65000000 24000280 08000100 00000000 18000280 14000280 08000100 " +
        "fffffffd 06000200 64000000 0a000700 00047768 79000000",
    },
    "a flush": {
      command: { flush: { chain: { ...T, name: "c" } } },
      hex: "01000000 06000100 74000000 06000200 63000000",
    },
  };

test.each(Object.entries(GOLDEN))("bytes of %s", (_, { command, shape, hex }) => {
  expect(payloads(command, shape === undefined ? {} : { s: shape }).join("\n")).toBe(hex);
});

function encode(nftables: readonly Command[]): ReturnType<typeof netlinkMessages> {
  const buffer = createMessageBuffer();
  expect(
    encodeBatch(
      buffer,
      { nftables },
      createKnownSets(() => undefined),
    ),
  ).toEqual([]);
  return netlinkMessages(buffer.bytes.subarray(0, buffer.length));
}

test("a batch lies between its two edges, and commands count from one", () => {
  const messages = encode([
    { add: { chain: { ...T, name: "c" } } },
    { flush: { chain: { ...T, name: "c" } } },
  ]);
  expect(messages.map(({ type, flags, sequence }) => [type, flags, sequence])).toEqual([
    [0x10, 0x001, 0],
    [0xa03, 0x401, 1],
    [0xa08, 0x001, 2],
    [0x11, 0x001, 0],
  ]);
});

test("elements beyond one attribute's 65,535 bytes go into further messages of the same command", () => {
  const elem = Array.from({ length: 10_000 }, (_, at) => `10.0.${at >> 8}.${at & 255}`);
  const messages = encode([
    { add: { set: { ...T, name: "s", type: "ipv4_addr" } } },
    { add: { element: { ...T, name: "s", elem } } },
  ]);
  const lists = messages.filter(({ type }) => type === 0xa0c);
  expect(lists.length).toBeGreaterThan(1);
  for (const { payload, sequence } of lists) {
    expect(sequence).toBe(2);
    expect(payload.length).toBeLessThan(65_536);
  }
  const elementBytes = 16;
  const total = lists.reduce((sum, { payload }) => sum + payload.length - 24, 0);
  expect(total).toBe(elem.length * elementBytes);
});

test("the elements of a set follow what the batch itself says of the set", () => {
  const add = (type: "ipv4_addr" | "ifname"): Command => ({ add: { set: { ...T, name: "s", type } } });
  const element = (key: string): Command => ({ add: { element: { ...T, name: "s", elem: [key] } } });
  const nftables = [
    add("ipv4_addr"),
    element("10.0.0.1"),
    { delete: { set: { ...T, name: "s" } } } as const,
    add("ifname"),
    element("cali1"),
  ];
  const lists = encode(nftables).filter(({ type }) => type === 0xa0c);
  expect(lists.map(({ payload }) => payload.length)).toEqual([40, 52]);
});

test("the elements of a set that nobody knows are sent for the kernel to refuse", () => {
  const element: Command = { add: { element: { ...T, name: "s", elem: ["10.0.0.1", 80] } } };
  expect(encode([element])).toHaveLength(3);
});

test.each([
  ["a value of another type", { match: { op: "==", left: SOURCE, right: "fe80::1" } }],
  [
    "a word that is no protocol",
    { match: { op: "==", left: { meta: { key: "l4proto" } }, right: "constructor" } },
  ],
  [
    "a name too long for an interface",
    { match: { op: "==", left: { meta: { key: "iifname" } }, right: "x".repeat(16) } },
  ],
  ["a wildcard alone", { match: { op: "==", left: { meta: { key: "iifname" } }, right: "*" } }],
  [
    "a range that runs down",
    { match: { op: "==", left: SOURCE, right: { range: ["10.0.0.2", "10.0.0.1"] } } },
  ],
  ["a way to masquerade that nobody knows", { masquerade: { flags: ["constructor" as "random"] } }],
  [
    "a prefix too long",
    { match: { op: "==", left: SOURCE, right: { prefix: { addr: "10.0.0.0", len: 33 } } } },
  ],
] as const)("%s is refused by its place, and the rest is not sent", (_, statement) => {
  const buffer = createMessageBuffer();
  const rule: Command = { add: { rule: { ...T, chain: "c", expr: [statement] } } };
  const nftables = [{ add: { chain: { ...T, name: "c" } } } as const, rule];
  const failures = encodeBatch(
    buffer,
    { nftables },
    createKnownSets(() => undefined),
  );
  expect(failures).toMatchObject([{ index: 1, code: "EINVAL" }]);
});

test("a comment longer than nft reloads is refused, counted in bytes", () => {
  const buffer = createMessageBuffer();
  const rule = (comment: string): Command => ({ add: { rule: { ...T, chain: "c", expr: [], comment } } });
  const nftables = [rule("é".repeat(64)), rule("é".repeat(65))];
  const failures = encodeBatch(
    buffer,
    { nftables },
    createKnownSets(() => undefined),
  );
  expect(failures.map(({ index }) => index)).toEqual([1]);
});
