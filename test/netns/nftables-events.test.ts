import { expect, test } from "bun:test";
import { readdirSync, readlinkSync } from "node:fs";
import { Libnftables } from "../../native/libnftables.ts";
import type { Waiter } from "../../native/netlink-events.ts";
import { type NftablesEvent, openNftablesEvents } from "../../native/nftables-events.ts";
import { NetworkNamespace } from "../../native/network-namespace.ts";

const INET = 1;
const WAYS: readonly Waiter[] = ["bun", "worker"];

/** Every tick of the event loop, until it holds. The test's own timeout ends it. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await Bun.sleep(1);
}

function addChains(namespace: NetworkNamespace, count: number): void {
  namespace.run(() => {
    using nft = Libnftables.open({ format: "text" });
    nft.run("add table inet t");
    for (let at = 0; at < count; at++) expect(nft.run(`add chain inet t c${at}`).errors).toBe("");
  });
}

function openSockets(): number {
  const links = readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return "";
    }
  });
  return links.filter((link) => link.startsWith("socket:")).length;
}

test.each(WAYS)("%s: a change by another socket is seen, with its table and who did it", async (way) => {
  using namespace = NetworkNamespace.create();
  const seen: NftablesEvent[] = [];
  const opening = namespace.run(() =>
    openNftablesEvents({ way, changed: (events) => seen.push(...events), lost: () => {} }),
  );
  using events = await opening;
  expect(events.way).toBe(way);
  expect(seen).toEqual([]);
  addChains(namespace, 3);
  await until(() => seen.length >= 4);
  expect(seen.map(({ family, table }) => ({ family, table }))).toEqual(
    Array.from({ length: 4 }, () => ({ family: INET, table: "t" })),
  );
  expect(new Set(seen.map(({ portId }) => portId)).size).toBe(1);
});

test.each(WAYS)("%s: an overflow says that events were lost, once", async (way) => {
  using namespace = NetworkNamespace.create();
  const lost: string[] = [];
  const opening = namespace.run(() =>
    openNftablesEvents({
      way,
      receiveBufferBytes: 2304,
      changed: () => {},
      lost: (reason) => lost.push(reason),
    }),
  );
  using _events = await opening;
  // Two or three messages at once do not fit; a thread that polls on another processor may still be quick enough.
  using nft = namespace.run(() => Libnftables.open({ format: "text" }));
  const chains = Array.from({ length: 120 }, (_, at) => `add chain inet t c${at}`);
  while (lost.length === 0) {
    expect(nft.run(["add table inet t", ...chains, "delete table inet t"].join("\n")).errors).toBe("");
    await Bun.sleep(1);
  }
  await Bun.sleep(1);
  expect(lost).toHaveLength(1);
  expect(lost[0]).toContain("ENOBUFS");
});

test.each(WAYS)("%s: after closing nothing is told and nothing stays open", async (way) => {
  using namespace = NetworkNamespace.create();
  const before = openSockets();
  const told: unknown[] = [];
  const opening = namespace.run(() =>
    openNftablesEvents({ way, changed: (events) => told.push(events), lost: (reason) => told.push(reason) }),
  );
  (await opening)[Symbol.dispose]();
  await until(() => openSockets() <= before);
  addChains(namespace, 3);
  await Bun.sleep(1);
  expect(told).toEqual([]);
});
