import { expect, test } from "bun:test";
import type { Batch, Command, Expression, Verdict } from "../../dataplane/nft/batch.ts";
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
} from "../../dataplane/nft/commands.ts";
import {
  ACCEPT,
  COUNTER,
  DROP,
  equals,
  goto,
  inSet,
  jump,
  verdictOf,
} from "../../dataplane/nft/expressions.ts";
import type { KernelElement, KernelSet } from "../../dataplane/nft/kernel-objects.ts";
import { TABLE } from "../../dataplane/nft/names.ts";
import type { NftWriter } from "../../dataplane/nft/writer.ts";

/** Writers of one network namespace; nothing is left of it in the end. */
export interface WriterPlace extends Disposable {
  open(): NftWriter;
}

const SOURCE: Expression = { payload: { protocol: "ip", field: "saddr" } };
const IIFNAME: Expression = { meta: { key: "iifname" } };
const ADDRESSES: KernelSet = { name: "s-addresses", type: "ipv4_addr", interval: false, map: false };
const BLOCKS: KernelSet = { name: "s-blocks", type: "ipv4_addr", interval: true, map: false };
const INTERFACES: KernelSet = { name: "m-interfaces", type: "ifname", interval: false, map: true };
const PORTS: KernelSet = { name: "m-ports", type: ["inet_proto", "inet_service"], interval: true, map: true };
const HOOK = { name: "hook-try", hook: { name: "forward", priority: -10 }, rules: [] } as const;

function chain(name: string): Command {
  return addChain({ name, rules: [] });
}

function rule(name: string, ...expr: Parameters<typeof addRule>[1]["expr"]): Command {
  return addRule(name, { expr });
}

function add(
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

function batch(...commands: readonly (Command | readonly Command[])[]): Batch {
  return { nftables: commands.flat() as Command[] };
}

interface Refused {
  readonly commands: readonly (Command | readonly Command[])[];
  /** What comes before, and works. */
  readonly given?: readonly (Command | readonly Command[])[];
  readonly code: string | readonly string[];
  /** The failing command among `commands`; undefined: the kernel finds out at the end. */
  readonly at?: number;
}

const USED: Refused["given"] = [
  [chain("c-a"), chain("c-b"), addSet(ADDRESSES), addSet(INTERFACES)],
  [rule("c-a", inSet(SOURCE, ADDRESSES.name), jump("c-b")), rule("c-a", verdictOf(IIFNAME, INTERFACES.name))],
];

const REFUSED: Record<string, Refused> = {
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
  "a chain's name of 256 characters": {
    commands: [chain("c".repeat(256))],
    code: ["ENAMETOOLONG", "ERANGE", "EINVAL"],
  },
};

const TAKEN: Record<string, readonly (readonly (Command | readonly Command[])[])[]> = {
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

/** The behaviour that the driver relies on. A writer that cannot tell codes and places is asked for neither. */
export function writerBehaviour(name: string, openPlace: () => WriterPlace): void {
  test(`${name}: there is no table at first`, () => {
    using place = openPlace();
    using writer = place.open();
    expect(writer.tableNames(TABLE)).toBeUndefined();
  });

  test(`${name}: the names of what was made are told`, () => {
    using place = openPlace();
    using writer = place.open();
    const commands = [chain("c-a"), addChain(HOOK), addSet(ADDRESSES), addSet(INTERFACES), addSet(PORTS)];
    expect(writer.apply(batch(addTable([]), commands, rule("c-a", DROP)))).toEqual({ ok: true });
    const names = writer.tableNames(TABLE);
    expect(names?.ownership).toBe("plain");
    expect(names?.chains.toSorted()).toEqual(["c-a", HOOK.name]);
    expect(names?.sets.toSorted((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
      { name: INTERFACES.name, map: true },
      { name: PORTS.name, map: true },
      { name: ADDRESSES.name, map: false },
    ]);
  });

  test.each(Object.entries(REFUSED))(
    `${name}: refuses %s, and the rest of the batch with it`,
    (_, refused) => {
      using place = openPlace();
      using writer = place.open();
      expect(writer.apply(batch(addTable([]), ...(refused.given ?? [])))).toEqual({ ok: true });
      const before = writer.tableNames(TABLE);
      const result = writer.apply(batch(chain("c-first"), ...refused.commands, chain("c-last")));
      if (result.ok) throw new Error("the batch was taken");
      expect(writer.tableNames(TABLE)).toEqual(before);
      expect(result.failures.length).toBeGreaterThan(0);
      if (writer.kind !== "netlink") return;
      const [first] = result.failures;
      expect([refused.code].flat()).toContain(first?.code ?? "");
      if (refused.at !== undefined) expect(first?.index).toBe(refused.at + 1);
    },
  );

  test.each(Object.entries(TAKEN))(`${name}: takes %s`, (_, batches) => {
    using place = openPlace();
    using writer = place.open();
    for (const commands of [[addTable([])], ...batches]) {
      const one = batch(...commands);
      expect(writer.batchBytes(one)).toBeLessThanOrEqual(writer.byteLimit);
      expect(writer.apply(one)).toEqual({ ok: true });
    }
  });

  test(`${name}: every failing command is reported`, () => {
    using place = openPlace();
    using writer = place.open();
    writer.apply(batch(addTable([]), chain("c-a")));
    const result = writer.apply(
      batch(rule("c-none", DROP), rule("c-a", DROP), rule("c-gone", DROP), add(ADDRESSES, "10.0.0.1")),
    );
    if (result.ok) throw new Error("the batch was taken");
    if (writer.kind === "netlink") expect(result.failures.map(({ index }) => index)).toEqual([0, 2, 3]);
  });

  test(`${name}: an owned table is its owner's until the owner dies, and lasts`, () => {
    using place = openPlace();
    using second = place.open();
    if (!second.canOwn) return;
    {
      using first = place.open();
      expect(first.apply(batch(addTable(["owner", "persist"]), chain("c-a")))).toEqual({ ok: true });
      expect(second.tableNames(TABLE)).toMatchObject({ ownership: "owned", chains: ["c-a"] });
      for (const foreign of [
        addTable(["owner", "persist"]),
        chain("c-b"),
        flushChain("c-a"),
        deleteChain("c-a"),
      ]) {
        expect(second.apply(batch(foreign))).toMatchObject({
          ok: false,
          failures: [{ index: 0, code: "EPERM" }],
        });
      }
    }
    expect(second.tableNames(TABLE)).toMatchObject({ ownership: "orphan", chains: ["c-a"] });
    expect(second.apply(batch(addTable(["owner", "persist"]), chain("c-b")))).toEqual({ ok: true });
    expect(second.tableNames(TABLE)?.ownership).toBe("owned");
  });

  test(`${name}: a plain table cannot become an owned one`, () => {
    using place = openPlace();
    using writer = place.open();
    expect(writer.apply(batch(addTable([])))).toEqual({ ok: true });
    if (!writer.canOwn) return;
    expect(writer.apply(batch(addTable(["owner", "persist"])))).toMatchObject({ ok: false });
    expect(writer.tableNames(TABLE)?.ownership).toBe("plain");
  });
}
