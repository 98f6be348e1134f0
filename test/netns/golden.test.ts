import { expect, test } from "bun:test";
import type { Batch } from "../../dataplane/nft/batch.ts";
import { openNftDataplane } from "../../dataplane/nft/driver.ts";
import { FakeWriter } from "../../dataplane/nft/fake-writer.ts";
import { TABLE } from "../../dataplane/nft/names.ts";
import { openWriter } from "../../dataplane/nft/open-writer.ts";
import { printBatch } from "../../dataplane/nft/print.ts";
import type { NftWriter } from "../../dataplane/nft/writer.ts";
import { NetworkNamespace } from "../../native/network-namespace.ts";
import { GOLDEN_CASES, type GoldenCase } from "../golden/cases.ts";
import { listedTable, loadBatch, nftOrThrow } from "./nft-command.ts";

async function batchesOf({ ruleset, options }: GoldenCase): Promise<readonly Batch[]> {
  using writer = new FakeWriter({ canOwn: false });
  await using dataplane = openNftDataplane(writer, options);
  dataplane.want(ruleset, undefined);
  await dataplane.settle();
  await dataplane.tidied();
  return writer.batches;
}

/** nft 1.0.6 lists the flags of an owned table as it pleases. */
function withoutTable(listing: string): string[] {
  return listing.split("\n").filter((line) => !line.startsWith('{"table"'));
}

async function expectSameBy(
  kind: NftWriter["kind"],
  { ruleset, options }: GoldenCase,
  text: string,
): Promise<void> {
  using namespace = NetworkNamespace.create();
  using writer = namespace.run(() => openWriter(kind));
  await using dataplane = openNftDataplane(writer, options);
  dataplane.want(ruleset, undefined);
  await dataplane.settle();
  await dataplane.tidied();
  expect(withoutTable(listedTable(namespace, TABLE))).toEqual(withoutTable(text));
}

test.each(GOLDEN_CASES.map((one) => [one.name, one] as const))(
  "golden %s: text, script, batches and both writers bring the kernel to the same",
  async (name, golden) => {
    const path = `${import.meta.dir}/../golden/${name}.nft`;
    using byText = NetworkNamespace.create();
    using byBatches = NetworkNamespace.create();
    nftOrThrow(byText, ["-c", "-f", path]);
    nftOrThrow(byText, ["-f", path]);
    for (const batch of await batchesOf(golden)) {
      expect(loadBatch(byBatches, batch)).toMatchObject({ ok: true, errors: "" });
    }
    expect(listedTable(byBatches, TABLE)).toBe(listedTable(byText, TABLE));
    using byScript = NetworkNamespace.create();
    for (const batch of await batchesOf(golden)) nftOrThrow(byScript, ["-f", "-"], printBatch(batch));
    expect(listedTable(byScript, TABLE)).toBe(listedTable(byText, TABLE));
    await expectSameBy("netlink", golden, listedTable(byText, TABLE));
    await expectSameBy("libnftables", golden, listedTable(byText, TABLE));
    const listing = nftOrThrow(byBatches, ["list", "ruleset"]);
    using reloaded = NetworkNamespace.create();
    nftOrThrow(reloaded, ["-f", "-"], listing);
    expect(listedTable(reloaded, TABLE)).toBe(listedTable(byText, TABLE));
  },
);
