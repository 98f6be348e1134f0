import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Ruleset } from "../../model/ruleset.ts";
import {
  builtFresh,
  expectClosed,
  expectLateRemovals,
  openFake,
  tableText,
  settleAndTidy,
} from "./fake-dataplane.ts";
import { edited, edits, EMPTY_UNIVERSE, rulesetOf, touchedBetween } from "./random-wishes.ts";

const seed = Number(process.env["TORTIE_SEED"] ?? Date.now() % 2 ** 31);
type Writable<Parts> = { -readonly [Part in keyof Parts]: Parts[Part] };
const groupsOfEdits = fc.array(fc.array(edits, { minLength: 1, maxLength: 4 }), { maxLength: 15 });

test.each([
  ["in force", {}],
  ["in the grace", { graceMilliseconds: 1e9 }],
  ["beside another CNI", { foreignInterfaces: true }],
  ["beside another CNI in the grace", { foreignInterfaces: true, graceMilliseconds: 1e9 }],
  ["with open ranges", { foreignInterfaces: true, unknownEndpoint: "accept" }],
] as const)("step by step comes to the same as from scratch, %s", async (_, options) => {
  const walk = fc.asyncProperty(groupsOfEdits, async (groups) => {
    const { writer, dataplane } = openFake(options);
    let universe = EMPTY_UNIVERSE;
    let before = rulesetOf(universe);
    dataplane.want(before, undefined);
    await settleAndTidy(dataplane);
    for (const group of groups) {
      for (const edit of group) {
        universe = edited(universe, edit);
        const after = rulesetOf(universe);
        dataplane.want(after, touchedBetween(before, after));
        before = after;
      }
      expect((await settleAndTidy(dataplane)).kind).toBeOneOf(["applied", "unchanged"]);
      expect(tableText(writer)).toBe(await builtFresh(before, options));
      expect(dataplane.status.epoch).toBe(1);
      const sent = writer.batches.length;
      dataplane.want(before, undefined);
      expect(await settleAndTidy(dataplane)).toEqual({ kind: "unchanged" });
      expect(writer.batches.length).toBe(sent);
    }
    expectClosed(writer.kernel);
    expectLateRemovals(writer);
  });
  await fc.assert(walk, { seed, numRuns: 60 });
});

/** Makes the parts of `live` those of `next`, in place: the compiler's ruleset is alive. */
function become(live: Writable<Ruleset>, next: Ruleset): void {
  live.podRanges = next.podRanges;
  live.masquerade = next.masquerade;
  for (const part of ["addressSets", "serviceSets", "programs", "endpoints"] as const) {
    const map = live[part] as unknown as Map<string, unknown>;
    map.clear();
    for (const [id, value] of next[part]) map.set(id, value);
  }
}

test.each([
  ["", {}],
  [" beside another CNI", { foreignInterfaces: true }],
] as const)("a wish that changes while an epoch is being built comes true%s", async (_, options) => {
  const walk = fc.asyncProperty(
    groupsOfEdits,
    fc.array(edits, { minLength: 20, maxLength: 40 }),
    async (first, later) => {
      let universe = first.flat().reduce(edited, EMPTY_UNIVERSE);
      const live = rulesetOf(universe);
      let time = 0;
      const queue = [...later];
      const { writer, dataplane } = openFake({
        ...options,
        // Every look at the clock finds the step too long already.
        clock: () => (time += 10),
        pause: async () => {
          const edit = queue.shift();
          if (edit === undefined) return;
          const before = rulesetOf(universe);
          universe = edited(universe, edit);
          const after = rulesetOf(universe);
          become(live, after);
          dataplane.want(live, touchedBetween(before, after));
        },
      });
      dataplane.want(live, undefined);
      expect(await dataplane.settle()).toMatchObject({ kind: "applied" });
      queue.length = 0;
      await settleAndTidy(dataplane);
      expect(tableText(writer)).toBe(await builtFresh(rulesetOf(universe), options));
      expectClosed(writer.kernel);
      expectLateRemovals(writer);
    },
  );
  await fc.assert(walk, { seed, numRuns: 60 });
});
