import { expect, test } from "bun:test";
import type { Command } from "./batch.ts";
import {
  addChain,
  addElements,
  addRule,
  addSet,
  addTable,
  deleteChain,
  deleteElements,
  deleteSet,
  flushChain,
} from "./commands.ts";
import {
  ACCEPT,
  COUNTER,
  DROP,
  equals,
  goto,
  IIFNAME,
  inSet,
  MASQUERADE,
  MID_STREAM,
  notInSet,
  verdictOf,
} from "./expressions.ts";
import { printBatch } from "./print.ts";

const SET = { name: "s-a", type: "ipv4_addr", interval: true, map: false } as const;
const MAP = { name: "m-a", type: ["inet_proto", "inet_service"], interval: false, map: true } as const;
const HOOK = { name: "hook-a", hook: { name: "forward", priority: -10 }, rules: [] } as const;
const NAT = {
  name: "hook-n",
  hook: { name: "postrouting", priority: 100, type: "nat" },
  rules: [],
} as const;
const ELEMENTS = [
  { set: "m-a", key: { concat: [6, 80] }, verdict: goto("c-a") },
  { set: "m-a", key: { concat: [17, { range: [1, 9] }] }, verdict: ACCEPT },
] as const;

const CASES: readonly (readonly [Command | undefined, string])[] = [
  [addTable([]), "add table inet tortie"],
  [addTable(["owner", "persist"]), "add table inet tortie { flags owner,persist; }"],
  [addChain({ name: "c-a", rules: [] }), "add chain inet tortie c-a"],
  [addChain(HOOK), "add chain inet tortie hook-a { type filter hook forward priority -10; policy accept; }"],
  [addChain(NAT), "add chain inet tortie hook-n { type nat hook postrouting priority 100; policy accept; }"],
  [
    addRule("hook-n", {
      expr: [notInSet({ payload: { protocol: "ip", field: "daddr" } }, "s-a"), MASQUERADE],
    }),
    "add rule inet tortie hook-n ip daddr != @s-a masquerade fully-random",
  ],
  [addRule("hook-n", { expr: [{ masquerade: null }] }), "add rule inet tortie hook-n masquerade"],
  [
    addRule("hook-n", { expr: [{ masquerade: { flags: ["random", "persistent"] } }] }),
    "add rule inet tortie hook-n masquerade random,persistent",
  ],
  [addSet(SET), "add set inet tortie s-a { type ipv4_addr; flags interval; }"],
  [addSet(MAP), "add map inet tortie m-a { type inet_proto . inet_service : verdict; }"],
  [
    addElements("s-a", [{ set: "s-a", key: { prefix: { addr: "10.0.0.0", len: 8 } } }])[0],
    "add element inet tortie s-a { 10.0.0.0/8 }",
  ],
  [addElements("m-a", ELEMENTS)[0], "add element inet tortie m-a { 6 . 80 : goto c-a, 17 . 1-9 : accept }"],
  [deleteElements("m-a", ELEMENTS)[0], "delete element inet tortie m-a { 6 . 80, 17 . 1-9 }"],
  [
    addRule("c-a", { expr: [equals(IIFNAME, "cali*"), COUNTER, DROP], comment: "why not" }),
    'add rule inet tortie c-a iifname "cali*" counter drop comment "why not"',
  ],
  [
    addRule("c-a", {
      expr: [inSet({ concat: [IIFNAME, { payload: { protocol: "ip6", field: "saddr" } }] }, "s-a")],
    }),
    "add rule inet tortie c-a iifname . ip6 saddr @s-a",
  ],
  [addRule("c-a", { expr: [verdictOf(IIFNAME, "m-a")] }), "add rule inet tortie c-a iifname vmap @m-a"],
  [
    addRule("c-a", { expr: [...MID_STREAM, DROP] }),
    "add rule inet tortie c-a ct state new tcp flags & (fin | syn | rst | ack) != syn drop",
  ],
  [flushChain("c-a"), "flush chain inet tortie c-a"],
  [deleteChain("c-a"), "delete chain inet tortie c-a"],
  [deleteSet("s-a", false), "delete set inet tortie s-a"],
  [deleteSet("m-a", true), "delete map inet tortie m-a"],
  [{ delete: { table: { family: "inet", name: "tortie" } } }, "delete table inet tortie"],
];

test.each(CASES.map(([command, text]) => [text, command] as const))("prints %s", (text, command) => {
  expect(printBatch({ nftables: command === undefined ? [] : [command] })).toBe(`${text}\n`);
});
