import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Batch, Command } from "../../dataplane/nft/batch.ts";
import { openNftDataplane } from "../../dataplane/nft/driver.ts";
import { FakeWriter } from "../../dataplane/nft/fake-writer.ts";
import { TABLE as OUR_TABLE } from "../../dataplane/nft/names.ts";
import { NetlinkWriter } from "../../dataplane/nft/netlink-writer.ts";
import { NetworkNamespace } from "../../native/network-namespace.ts";
import { BothWriters } from "../encoder/both-writers.ts";
import { NftPlace, tableText } from "../encoder/nft-place.ts";
import { randomTable, TABLE } from "../encoder/random-batches.ts";
import { GOLDEN_CASES, type GoldenCase } from "../golden/cases.ts";
import { testRuns, testSeed } from "../worlds/seed.ts";
import { nft } from "./nft-command.ts";

async function batchesOf({ ruleset, options }: GoldenCase): Promise<readonly Batch[]> {
  using writer = new FakeWriter({ canOwn: false });
  await using dataplane = openNftDataplane(writer, options);
  dataplane.want(ruleset, undefined);
  await dataplane.settle();
  return writer.batches;
}

test.each(GOLDEN_CASES.map((one) => [one.name, one] as const))(
  "golden %s is the same table by both writers, and its text reloads",
  async (_, golden) => {
    using both = new BothWriters();
    for (const batch of await batchesOf(golden)) {
      both.expectTaken(batch);
      both.expectSame(OUR_TABLE);
    }
  },
);

const BATCHES = testRuns("TORTIE_RANDOM_BATCHES", 2_000);
/** Every so many listings the `nft` command reads one, as an administrator would. */
const COMMAND_EVERY = 100;

test(`${BATCHES} random batches leave the same table by both writers, and its text reloads`, () => {
  using both = new BothWriters();
  using empty = NetworkNamespace.create();
  let listings = 0;
  const check = (): void => {
    const text = both.expectSame(TABLE);
    const { chains, sets } = both.library.tableNames(TABLE) ?? {};
    expect(both.netlink.tableNames(TABLE)).toMatchObject({ chains, sets });
    if (listings++ % COMMAND_EVERY === 0) {
      expect(nft(empty, ["-c", "-f", "-"], text)).toEqual({ ok: true, output: "", errors: "" });
    }
  };
  fc.assert(
    fc.property(randomTable, ({ made, changed }) => {
      try {
        for (const nftables of [made, changed]) {
          both.expectTaken({ nftables });
          check();
        }
      } finally {
        both.clear(TABLE);
      }
    }),
    // A table is two batches.
    { numRuns: Math.ceil(BATCHES / 2), seed: testSeed() },
  );
}, 600_000);

test("an interval that runs to the last value can be removed from beside one that touches it", () => {
  using place = new NftPlace();
  using writer = place.namespace.run(() => new NetlinkWriter());
  const set = { family: "inet", table: TABLE, name: "s-blocks" } as const;
  const lower = { range: ["10.0.0.0", "239.255.255.255"] } as const;
  const upper = { prefix: { addr: "240.0.0.0", len: 4 } } as const;
  const made: Command[] = [
    { add: { table: { family: "inet", name: TABLE } } },
    { add: { set: { ...set, type: "ipv4_addr", flags: ["interval"] } } },
    { add: { element: { ...set, elem: [lower, upper] } } },
  ];
  expect(writer.apply({ nftables: made })).toEqual({ ok: true });
  expect(tableText(place, TABLE)).toContain("10.0.0.0-239.255.255.255, 240.0.0.0/4 }");
  expect(writer.apply({ nftables: [{ delete: { element: { ...set, elem: [upper] } } }] })).toEqual({
    ok: true,
  });
  expect(tableText(place, TABLE)).toContain("elements = { 10.0.0.0-239.255.255.255 }");
});
