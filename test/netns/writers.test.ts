import { expect, test } from "bun:test";
import type { Command } from "../../dataplane/nft/batch.ts";
import { LibnftablesWriter } from "../../dataplane/nft/libnftables-writer.ts";
import { NetlinkWriter } from "../../dataplane/nft/netlink-writer.ts";
import { openWriter } from "../../dataplane/nft/open-writer.ts";
import type { NftWriter } from "../../dataplane/nft/writer.ts";
import { NetworkNamespace } from "../../native/network-namespace.ts";
import { type WriterPlace, writerBehaviour } from "../dataplane/writer-behaviour.ts";

function placeOf(create: () => NftWriter): WriterPlace {
  const namespace = NetworkNamespace.create();
  return {
    open: () => namespace.run(create),
    [Symbol.dispose]: () => namespace[Symbol.dispose](),
  };
}

writerBehaviour("netlink", () => placeOf(() => new NetlinkWriter()));
writerBehaviour("libnftables", () => placeOf(() => new LibnftablesWriter()));

const OURS = { family: "inet", table: "tortie" } as const;
const THEIRS = { family: "inet", table: "theirs" } as const;

function table(name: string): Command {
  return { add: { table: { family: "inet", name } } };
}

test.each(["netlink", "libnftables"] as const)("%s: names of other tables are not told", (kind) => {
  using namespace = NetworkNamespace.create();
  using writer = namespace.run(() => openWriter(kind));
  const nftables: Command[] = [
    table("tortie"),
    table("theirs"),
    ...[OURS, THEIRS].map((of): Command => ({ add: { chain: { ...of, name: `c-${of.table}` } } })),
    ...[OURS, THEIRS].map((of): Command => ({
      add: { set: { ...of, name: `s-${of.table}`, type: "ifname" } },
    })),
  ];
  expect(writer.apply({ nftables })).toEqual({ ok: true });
  expect(writer.tableNames("tortie")).toEqual({
    chains: ["c-tortie"],
    sets: [{ name: "s-tortie", map: false }],
    ownership: "plain",
  });
});

test("netlink: a batch that does not fit says so, and the next one works", () => {
  using namespace = NetworkNamespace.create();
  using writer = namespace.run(() => new NetlinkWriter({ sendBufferBytes: 8192 }));
  const chains = Array.from({ length: 500 }, (_, at): Command => ({
    add: { chain: { ...OURS, name: `c-${at}` } },
  }));
  const nftables = [table("tortie"), ...chains];
  expect(writer.batchBytes({ nftables })).toBeGreaterThan(writer.byteLimit);
  expect(writer.apply({ nftables })).toMatchObject({
    ok: false,
    failures: [{ index: -1, code: "EMSGSIZE" }],
  });
  expect(writer.apply({ nftables: nftables.slice(0, 50) })).toEqual({ ok: true });
});

test("netlink: more failures than can be received are still a failure, and the next batch has none of them", () => {
  using namespace = NetworkNamespace.create();
  using writer = namespace.run(() => new NetlinkWriter({ receiveBufferBytes: 8192 }));
  const wrong = Array.from({ length: 500 }, (): Command => ({
    flush: { chain: { ...OURS, name: "c-none" } },
  }));
  const result = writer.apply({ nftables: [table("tortie"), ...wrong] });
  if (result.ok) throw new Error("the batch was taken");
  expect(result.failures[0]).toMatchObject({ index: -1, code: "ENOBUFS" });
  expect(result.failures[1]).toMatchObject({ index: 1, code: "ENOENT" });
  expect(writer.apply({ nftables: [table("tortie")] })).toEqual({ ok: true });
});

test("netlink: elements of sets that an earlier agent made are understood", () => {
  using namespace = NetworkNamespace.create();
  const set = { ...OURS, name: "m-blocks" } as const;
  const key = { prefix: { addr: "10.0.0.0", len: 8 } } as const;
  {
    using earlier = namespace.run(() => new NetlinkWriter());
    const nftables: Command[] = [
      table("tortie"),
      { add: { map: { ...set, type: "ipv4_addr", flags: ["interval"], map: "verdict" } } },
      { add: { element: { ...set, elem: [[key, { drop: null }]] } } },
    ];
    expect(earlier.apply({ nftables })).toEqual({ ok: true });
  }
  using writer = namespace.run(() => new NetlinkWriter());
  expect(writer.apply({ nftables: [{ delete: { element: { ...set, elem: [key] } } }] })).toEqual({
    ok: true,
  });
  expect(
    writer.apply({ nftables: [{ add: { element: { ...set, elem: [[key, { accept: null }]] } } }] }),
  ).toEqual({
    ok: true,
  });
});
