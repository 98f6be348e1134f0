import { dlopen, FFIType, ptr as pointer } from "bun:ffi";
import { expect, test } from "bun:test";
import { closeDescriptor } from "./libc.ts";
import { jumpedChains, LegacyIptables, type LegacyFamily } from "./legacy-iptables.ts";
import { NetworkNamespace } from "./network-namespace.ts";

const { i32, ptr, u32 } = FFIType;
const { symbols } = dlopen("libc.so.6", {
  socket: { args: [i32, i32, i32], returns: i32 },
  setsockopt: { args: [i32, i32, i32, ptr, u32], returns: i32 },
});

const SOCK_DGRAM = 2;
const SET_REPLACE = 64;
const ACCEPT = -2;
const RETURN = -5;
const HOOKS = { input: 1, forward: 2, output: 3 };
/** Of struct ipt_entry and ip6t_entry: where the offsets are, and where the target begins. */
const LAYOUT = {
  ip: { domain: 2, level: 0, offsets: 88, entry: 112 },
  ip6: { domain: 10, level: 41, offsets: 140, entry: 168 },
};
/** Entries of the table `filter` as the kernel first makes it. */
const FIRST_ENTRIES = 4;

/** A rule that matches everything, with a verdict or a jump (an offset) or, given a text, the head of a chain. */
function rule(family: LegacyFamily, target: number | string): Uint8Array {
  const { offsets, entry } = LAYOUT[family];
  const size = typeof target === "string" ? 64 : 40;
  const bytes = new Uint8Array(entry + size);
  const view = new DataView(bytes.buffer);
  view.setUint16(offsets, entry, true);
  view.setUint16(offsets + 2, bytes.length, true);
  view.setUint16(entry, size, true);
  if (typeof target === "number") {
    view.setInt32(entry + 32, target, true);
  } else {
    bytes.set(new TextEncoder().encode("ERROR"), entry + 2);
    bytes.set(new TextEncoder().encode(target), entry + 32);
  }
  return bytes;
}

interface Table {
  readonly entries: Uint8Array;
  readonly count: number;
  readonly starts: readonly number[];
  /** Offsets of the built-in chains' last rules. */
  readonly ends: readonly number[];
}

/** INPUT, FORWARD with a jump to the first of the chains, OUTPUT, and the chains, each with one rule. */
function table(family: LegacyFamily, chains: readonly string[]): Table {
  const verdict = rule(family, ACCEPT).length;
  const head = rule(family, "").length;
  const rules = [
    rule(family, ACCEPT),
    rule(family, 4 * verdict + head),
    rule(family, ACCEPT),
    rule(family, ACCEPT),
    ...chains.flatMap((name) => [rule(family, name), rule(family, RETURN)]),
    rule(family, "ERROR"),
  ];
  const entries = new Uint8Array(Buffer.concat(rules));
  return {
    entries,
    count: rules.length,
    starts: [0, verdict, 3 * verdict],
    ends: [0, 2 * verdict, 3 * verdict],
  };
}

/** setsockopt(IPT_SO_SET_REPLACE), as `iptables-legacy` does it; `replaced`: how many entries there were. */
function replaceTable(
  family: LegacyFamily,
  { entries, count, starts, ends }: Table,
  replaced: number,
): number {
  const { domain, level } = LAYOUT[family];
  const request = new Uint8Array(96 + entries.length);
  const counters = new Uint8Array(replaced * 16);
  const view = new DataView(request.buffer);
  request.set(new TextEncoder().encode("filter"));
  view.setUint32(32, 0b1110, true);
  view.setUint32(36, count, true);
  view.setUint32(40, entries.length, true);
  for (const [at, hook] of Object.values(HOOKS).entries()) {
    view.setUint32(44 + hook * 4, starts[at] ?? 0, true);
    view.setUint32(64 + hook * 4, ends[at] ?? 0, true);
  }
  view.setUint32(84, replaced, true);
  view.setBigUint64(88, BigInt(pointer(counters)), true);
  request.set(entries, 96);
  const fd = symbols.socket(domain, SOCK_DGRAM, 0);
  try {
    return symbols.setsockopt(fd, level, SET_REPLACE, request, request.length);
  } finally {
    closeDescriptor(fd);
  }
}

test.each(["ip", "ip6"] as const)(
  "%s: chains of a real table that are jumped to are found, and seen to change",
  (family) => {
    using namespace = NetworkNamespace.create();
    const legacy = new LegacyIptables(family, "filter");
    const chains = () => namespace.run(() => [...legacy.jumpedChains()]);
    expect(chains()).toEqual([]);
    const first = table(family, ["cali-FORWARD", "left-over"]);
    const made = namespace.run(() => replaceTable(family, first, FIRST_ENTRIES)) === 0;
    expect(chains()).toEqual(made ? ["cali-FORWARD"] : []);
    // A kernel without the old iptables has nothing more to show.
    if (!made) return;
    expect(chains()).toEqual(["cali-FORWARD"]);
    const second = table(family, ["KUBE-ROUTER-FORWARD"]);
    expect(namespace.run(() => replaceTable(family, second, first.count))).toBe(0);
    expect(chains()).toEqual(["KUBE-ROUTER-FORWARD"]);
  },
);

test("a table that nobody made is not made by the question", () => {
  using namespace = NetworkNamespace.create();
  const read = () => namespace.run(() => new LegacyIptables("ip", "filter").jumpedChains().size);
  expect([read(), read()]).toEqual([0, 0]);
  const names = namespace.run(() => Bun.spawnSync(["cat", "/proc/net/ip_tables_names"]).stdout.toString());
  expect(names).toBe("");
});

test("bytes that are no table are no chains", () => {
  const { entries } = table("ip", ["cali-FORWARD"]);
  expect([...jumpedChains(entries, "ip")]).toEqual(["cali-FORWARD"]);
  for (let length = 0; length < entries.length; length += 7) {
    jumpedChains(entries.subarray(0, length), "ip");
    jumpedChains(entries.subarray(length), "ip");
  }
  expect([...jumpedChains(new Uint8Array(1_000).fill(255), "ip")]).toEqual([]);
  expect([...jumpedChains(new Uint8Array(1_000), "ip6")]).toEqual([]);
});
