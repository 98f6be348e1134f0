import { expect, test } from "bun:test";
import type { Batch } from "../../dataplane/nft/batch.ts";
import { openNftDataplane } from "../../dataplane/nft/driver.ts";
import { FakeWriter } from "../../dataplane/nft/fake-writer.ts";
import { TABLE } from "../../dataplane/nft/names.ts";
import { printBatch } from "../../dataplane/nft/print.ts";
import { NetworkNamespace } from "../../native/network-namespace.ts";
import { GOLDEN_CASES, type GoldenCase } from "../golden/cases.ts";
import { listedTable, loadBatch, nftOrThrow } from "./nft-command.ts";

async function batchesOf({ ruleset, options }: GoldenCase): Promise<readonly Batch[]> {
  using writer = new FakeWriter({ canOwn: false });
  await using dataplane = openNftDataplane(writer, options);
  dataplane.want(ruleset, undefined);
  await dataplane.settle();
  return writer.batches;
}

test.each(GOLDEN_CASES.map((one) => [one.name, one] as const))(
  "golden %s: the kernel takes the text, and holds the same as by the batches",
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
    const listing = nftOrThrow(byBatches, ["list", "ruleset"]);
    using reloaded = NetworkNamespace.create();
    nftOrThrow(reloaded, ["-f", "-"], listing);
    expect(listedTable(reloaded, TABLE)).toBe(listedTable(byText, TABLE));
  },
);
