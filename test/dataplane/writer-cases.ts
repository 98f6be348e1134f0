import type { Batch, Command, Expression, Verdict } from "../../dataplane/nft/batch.ts";
import {
  addChain,
  addElements,
  addRule,
  addSet,
  deleteChain,
  deleteElements,
  deleteSet,
  flushChain,
} from "../../dataplane/nft/commands.ts";
import {
  ACCEPT,
  COUNTER,
  DROP,
  equals,
  goto,
  inSet,
  jump,
  MASQUERADE,
  notInSet,
  verdictOf,
} from "../../dataplane/nft/expressions.ts";
import type { KernelChain, KernelElement, KernelSet } from "../../dataplane/nft/kernel-objects.ts";

/** Commands, some of them in groups. */
export type Commands = readonly (Command | readonly Command[])[];

const SOURCE: Expression = { payload: { protocol: "ip", field: "saddr" } };
const IIFNAME: Expression = { meta: { key: "iifname" } };
export const ADDRESSES: KernelSet = { name: "s-addresses", type: "ipv4_addr", interval: false, map: false };
const BLOCKS: KernelSet = { name: "s-blocks", type: "ipv4_addr", interval: true, map: false };
export const INTERFACES: KernelSet = { name: "m-interfaces", type: "ifname", interval: false, map: true };
export const PORTS: KernelSet = {
  name: "m-ports",
  type: ["inet_proto", "inet_service"],
  interval: true,
  map: true,
};
export const HOOK: KernelChain = { name: "hook-try", hook: { name: "forward", priority: -10 }, rules: [] };
const NAT = {
  name: "hook-nat",
  hook: { name: "postrouting", priority: 100, type: "nat" },
  rules: [],
} as const satisfies KernelChain;

export function chain(name: string): Command {
  return addChain({ name, rules: [] });
}

export function rule(name: string, ...expr: Parameters<typeof addRule>[1]["expr"]): Command {
  return addRule(name, { expr });
}

export function add(
  set: KernelSet,
  ...elements: readonly (Expression | readonly [Expression, Verdict])[]
): Command[] {
  return addElements(
    set.name,
    elements.map((one) => elementOf(set, one)),
  );
}

function remove(set: KernelSet, ...keys: readonly Expression[]): Command[] {
  return deleteElements(
    set.name,
    keys.map((key) => ({ set: set.name, key })),
  );
}

function elementOf({ name }: KernelSet, one: Expression | readonly [Expression, Verdict]): KernelElement {
  if (!Array.isArray(one)) return { set: name, key: one as Expression };
  const [key, verdict] = one as readonly [Expression, Verdict];
  return { set: name, key, verdict };
}

export function batch(...commands: Commands): Batch {
  return {
    nftables: commands.flatMap((one) =>
      Array.isArray(one) ? (one as readonly Command[]) : [one as Command],
    ),
  };
}

export interface Refused {
  readonly commands: Commands;
  /** What comes before, and works. */
  readonly given?: Commands;
  readonly code: string | readonly string[];
  /** The failing command among `commands`; undefined: the kernel finds out at the end. */
  readonly at?: number;
}

const USED: Refused["given"] = [
  [chain("c-a"), chain("c-b"), addSet(ADDRESSES), addSet(INTERFACES)],
  [rule("c-a", inSet(SOURCE, ADDRESSES.name), jump("c-b")), rule("c-a", verdictOf(IIFNAME, INTERFACES.name))],
];

export const REFUSED: Record<string, Refused> = {
  "a rule in a chain that is not there": { commands: [rule("c-none", ACCEPT)], code: "ENOENT", at: 0 },
  "a jump to a chain that is not there": {
    commands: [chain("c-a"), rule("c-a", jump("c-none"))],
    code: "ENOENT",
    at: 1,
  },
  "a rule that looks into a set that is not there": {
    commands: [chain("c-a"), rule("c-a", inSet(SOURCE, "s-none"), ACCEPT)],
    code: "ENOENT",
    at: 1,
  },
  "an element of a set that is not there": { commands: [add(ADDRESSES, "10.0.0.1")], code: "ENOENT", at: 0 },
  "a map's element that goes to a chain that is not there": {
    commands: [addSet(INTERFACES), add(INTERFACES, ["cali1", goto("c-none")])],
    code: "ENOENT",
    at: 1,
  },
  "the removal of an element that is not there": {
    commands: [addSet(ADDRESSES), remove(ADDRESSES, "10.0.0.1")],
    code: "ENOENT",
    at: 1,
  },
  "another verdict for an element that is there": {
    commands: [addSet(INTERFACES), add(INTERFACES, ["cali1", ACCEPT]), add(INTERFACES, ["cali1", DROP])],
    code: "EEXIST",
    at: 2,
  },
  "the removal of a chain that a rule jumps to": {
    given: USED,
    commands: [deleteChain("c-b")],
    code: "EBUSY",
    at: 0,
  },
  "the removal of a set that a rule looks into": {
    given: USED,
    commands: [deleteSet(ADDRESSES.name, false)],
    code: "EBUSY",
    at: 0,
  },
  "the removal of a chain that a map's element goes to": {
    given: [...USED, chain("c-c"), add(INTERFACES, ["cali1", goto("c-c")])],
    commands: [deleteChain("c-c")],
    code: "EBUSY",
    at: 0,
  },
  "a base chain on another hook under the same name": {
    given: [addChain(HOOK)],
    commands: [addChain({ ...HOOK, hook: { name: "input", priority: -10 } })],
    code: ["EEXIST", "EOPNOTSUPP"],
    at: 0,
  },
  "a set of another type under the same name": {
    given: [addSet(ADDRESSES)],
    commands: [addSet({ ...ADDRESSES, type: "ipv6_addr" })],
    code: "EEXIST",
    at: 0,
  },
  "overlapping blocks": {
    given: [addSet(BLOCKS), add(BLOCKS, { prefix: { addr: "10.0.0.0", len: 8 } })],
    commands: [add(BLOCKS, { prefix: { addr: "10.1.0.0", len: 16 } })],
    code: "EEXIST",
  },
  "a loop of jumps behind a base chain": {
    commands: [
      [chain("c-a"), chain("c-b"), rule("c-a", jump("c-b")), rule("c-b", jump("c-a"))],
      [addChain(HOOK), rule(HOOK.name, jump("c-a"))],
    ],
    code: ["EMLINK", "ELOOP"],
  },
  "masquerading in a chain that filters": {
    commands: [addChain(HOOK), rule(HOOK.name, MASQUERADE)],
    code: "EOPNOTSUPP",
  },
  "masquerading in a chain that a filtering one jumps to": {
    given: [addChain(HOOK), chain("c-a"), rule(HOOK.name, jump("c-a"))],
    commands: [rule("c-a", MASQUERADE)],
    code: "EOPNOTSUPP",
  },
  "masquerading on the way in": {
    commands: [addChain({ ...NAT, hook: { ...NAT.hook, name: "prerouting" } }), rule(NAT.name, MASQUERADE)],
    code: "EOPNOTSUPP",
  },
  "translation of what is forwarded": {
    commands: [addChain({ ...NAT, hook: { ...NAT.hook, name: "forward" } })],
    code: "EOPNOTSUPP",
    at: 0,
  },
  "translation before conntrack": {
    commands: [addChain({ ...NAT, hook: { ...NAT.hook, priority: -200 } })],
    code: "EOPNOTSUPP",
    at: 0,
  },
  "a base chain of another type under the same name": {
    given: [addChain(NAT)],
    commands: [addChain({ ...NAT, hook: { ...NAT.hook, type: "filter" } })],
    code: ["EEXIST", "EOPNOTSUPP"],
    at: 0,
  },
  "a chain's name of 256 characters": {
    commands: [chain("c".repeat(256))],
    code: ["ENAMETOOLONG", "ERANGE", "EINVAL"],
  },
};

export const TAKEN: Record<string, readonly Commands[]> = {
  "masquerading, and the end of it": [
    [addChain(NAT), addSet(BLOCKS), rule(NAT.name, notInSet(SOURCE, BLOCKS.name), MASQUERADE)],
    [addChain(NAT), flushChain(NAT.name), deleteSet(BLOCKS.name, false), deleteChain(NAT.name)],
  ],
  "names of 255 characters": [[chain("c".repeat(255)), addSet({ ...ADDRESSES, name: "s".repeat(255) })]],
  "an element that is there already": [
    [addSet(ADDRESSES), add(ADDRESSES, "10.0.0.1")],
    [add(ADDRESSES, "10.0.0.1")],
  ],
  "chain, set and base chain again": [
    [addChain(HOOK), chain("c-a"), addSet(ADDRESSES)],
    [addChain(HOOK), chain("c-a"), addSet(ADDRESSES)],
  ],
  "another verdict for a key that goes and comes in one transaction": [
    [addSet(INTERFACES), chain("c-a"), add(INTERFACES, ["cali1", ACCEPT])],
    [remove(INTERFACES, "cali1"), add(INTERFACES, ["cali1", goto("c-a")])],
  ],
  "another verdict for a range that goes and comes in one transaction": [
    [addSet(PORTS), add(PORTS, [{ concat: [6, { range: [80, 90] }] }, ACCEPT], [{ concat: [17, 53] }, DROP])],
    [
      remove(PORTS, { concat: [6, { range: [80, 90] }] }),
      add(PORTS, [{ concat: [6, { range: [85, 95] }] }, DROP]),
    ],
  ],
  "a chain rewritten in one transaction": [
    [chain("c-a"), rule("c-a", COUNTER, DROP)],
    [flushChain("c-a"), rule("c-a", equals(IIFNAME, "cali*"), COUNTER, ACCEPT)],
  ],
  "everything used removed in one transaction, in order": [
    [...USED, chain("c-c"), add(INTERFACES, ["cali1", goto("c-c")]), add(ADDRESSES, "10.0.0.1")],
    [
      ["c-a", "c-b", "c-c"].map(flushChain),
      deleteSet(INTERFACES.name, true),
      ["c-a", "c-b", "c-c"].map(deleteChain),
      deleteSet(ADDRESSES.name, false),
    ],
  ],
  "3,000 elements in one transaction": [
    [
      addSet(ADDRESSES),
      add(ADDRESSES, ...Array.from({ length: 3_000 }, (_, at) => `10.0.${at >> 8}.${at & 255}`)),
    ],
  ],
};
