import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Ruleset } from "../../model/ruleset.ts";
import { type NftDataplaneOptions, openNftDataplane } from "./driver.ts";
import { FakeWriter } from "./fake-writer.ts";
import { TABLE } from "./names.ts";
import { edited, edits, EMPTY_UNIVERSE, rulesetOf, touchedBetween } from "./random-wishes.ts";

const seed = Number(process.env["TORTIE_SEED"] ?? Date.now() % 2 ** 31);
const FAST = { linger: async () => {}, graceMilliseconds: 0 };

function withoutEpoch(text: string): string {
  return text.replaceAll(/\be\d+-/g, "e-");
}

async function fresh(ruleset: Ruleset, options: Partial<NftDataplaneOptions>): Promise<string> {
  using writer = new FakeWriter();
  const dataplane = openNftDataplane(writer, options);
  dataplane.want(ruleset, undefined);
  await dataplane.settle();
  return withoutEpoch(writer.dump(TABLE));
}

test.each([
  ["in force", FAST],
  ["in the grace", { ...FAST, graceMilliseconds: 1e9 }],
] as const)("step by step comes to the same as from scratch, %s", async (_, options) => {
  const steps = fc.array(fc.array(edits, { minLength: 1, maxLength: 4 }), { maxLength: 15 });
  const walk = fc.asyncProperty(steps, async (groups) => {
    using writer = new FakeWriter();
    const dataplane = openNftDataplane(writer, options);
    let universe = EMPTY_UNIVERSE;
    let before = rulesetOf(universe);
    dataplane.want(before, undefined);
    await dataplane.settle();
    for (const group of groups) {
      for (const edit of group) {
        universe = edited(universe, edit);
        const after = rulesetOf(universe);
        dataplane.want(after, touchedBetween(before, after));
        before = after;
      }
      expect((await dataplane.settle()).kind).toBeOneOf(["applied", "unchanged"]);
      expect(withoutEpoch(writer.dump(TABLE))).toBe(await fresh(before, options));
      expect(dataplane.status.epoch).toBe(1);
      const sent = writer.batches.length;
      dataplane.want(before, undefined);
      expect(await dataplane.settle()).toEqual({ kind: "unchanged" });
      expect(writer.batches.length).toBe(sent);
    }
  });
  await fc.assert(walk, { seed, numRuns: 60 });
});
