import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { batchBytes } from "../../dataplane/nft/encode/batch-bytes.ts";
import { encodeBatch } from "../../dataplane/nft/encode/encode-batch.ts";
import { commitStaged, createKnownSets } from "../../dataplane/nft/encode/known-sets.ts";
import { createMessageBuffer } from "../../native/message-buffer.ts";
import { testSeed } from "../worlds/seed.ts";
import { randomTable } from "./random-batches.ts";

test("no batch takes more bytes than were estimated, and every one can be encoded", () => {
  const buffer = createMessageBuffer(16);
  fc.assert(
    fc.property(randomTable, ({ made, changed }) => {
      const known = createKnownSets(() => undefined);
      for (const nftables of [made, changed]) {
        expect(encodeBatch(buffer, { nftables }, known)).toEqual([]);
        commitStaged(known);
        expect(buffer.length).toBeLessThanOrEqual(batchBytes({ nftables }));
        for (const command of nftables) {
          encodeBatch(buffer, { nftables: [command] }, known);
          expect(buffer.length).toBeLessThanOrEqual(batchBytes({ nftables: [command] }));
        }
      }
    }),
    { numRuns: 300, seed: testSeed() },
  );
});
