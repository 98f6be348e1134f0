import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { differences } from "../../adapters/differences.ts";
import { collectObjects } from "../../adapters/objects/collect.ts";
import { readObject } from "../../adapters/objects/read-object.ts";
import type { NftDataplaneOptions } from "../../dataplane/nft/driver.ts";
import { TABLE } from "../../dataplane/nft/names.ts";
import { NetworkNamespace } from "../../native/network-namespace.ts";
import type { ClusterState } from "../../model/update.ts";
import { createCompiler } from "../../policy/compiler.ts";
import { openFake } from "../dataplane/fake-dataplane.ts";
import { BothWriters } from "../encoder/both-writers.ts";
import type { World } from "../oracle/objects.ts";
import { testRuns, testSeed } from "../worlds/seed.ts";
import { arbitraryWorld } from "../worlds/world.ts";
import { nft } from "./nft-command.ts";

function stateOf({ namespaces, pods, policies }: World): ClusterState {
  const objects = [...namespaces, ...pods, ...policies];
  return collectObjects(objects.map((value) => ({ where: "", read: readObject(value, "") }))).state;
}

/** The first world, its pods under the other's policies, and the other: from nothing, a change and a larger change. */
function journey(first: World, second: World): readonly World[] {
  return [first, { ...first, policies: second.policies }, second];
}

const options = fc.record<Partial<NftDataplaneOptions>>({
  endpointToHost: fc.constantFrom("accept", "drop", "return"),
  dropInvalid: fc.boolean(),
  graceMilliseconds: fc.constantFrom(0, 180_000),
  foreignInterfaces: fc.boolean(),
});

const PROFILES = ["logical", "packets"] as const;
const seed = testSeed();
const WORLDS = Math.ceil(testRuns("TORTIE_EQUAL_WORLDS", 200) / PROFILES.length);
/** Every so many listings the `nft` command reads one, as an administrator would. */
const COMMAND_EVERY = 100;

test.each(PROFILES)(
  `${WORLDS} random worlds of the profile "%s", and changes to others, are the same table by both writers`,
  async (profile) => {
    using both = new BothWriters();
    using empty = NetworkNamespace.create();
    const worlds = arbitraryWorld({ profile });
    const done = { batches: 0, increments: 0, listings: 0 };
    const property = fc.asyncProperty(worlds, worlds, options, async (first, second, chosen) => {
      // What the driver would send, since the two tables must come from the same batches.
      const { writer, dataplane } = openFake(chosen, { canOwn: false });
      const compiler = createCompiler();
      let sent = 0;
      try {
        for (const world of journey(first, second)) {
          compiler.apply(differences(compiler.state, stateOf(world)));
          dataplane.want(compiler.ruleset, compiler.takeTouched());
          expect((await dataplane.settle()).kind).toBeOneOf(["applied", "unchanged"]);
          const batches = writer.batches.slice(sent);
          if (batches.length > 0 && dataplane.status.epoch === 1 && sent > 1) done.increments++;
          sent += batches.length;
          done.batches += batches.length;
          for (const batch of batches) both.expectTaken(batch);
          const text = both.expectSame(TABLE);
          if (done.listings++ % COMMAND_EVERY === 0) {
            expect(nft(empty, ["-c", "-f", "-"], text)).toEqual({ ok: true, output: "", errors: "" });
          }
        }
      } finally {
        both.clear(TABLE);
      }
    });
    await fc.assert(property, { seed, numRuns: WORLDS });
    expect(done.listings).toBeGreaterThanOrEqual(WORLDS * 3);
    // Some changes touch nothing of this node, most do, and none needs a new epoch.
    expect(done.increments).toBeGreaterThan(WORLDS / 2);
    process.stdout.write(
      `${profile}, seed ${seed}: ${done.listings} listings, ${done.batches} batches, ${done.increments} increments\n`,
    );
  },
  600_000,
);
