import { expect } from "bun:test";
import { emptyClusterState, fold } from "../../model/update.ts";
import { compileRuleset, createCompiler } from "../../policy/compiler.ts";
import { difference, snapshot, touchedAsDifference } from "./snapshot.ts";
import type { Walk } from "./walks.ts";

/**
 * Walks with one compiler. After every batch its ruleset must be what a compile from scratch gives, and what it calls
 * touched must be what differs from the ruleset before: not less, or a driver misses it, and not more.
 */
export function expectSameAsFromScratch(walk: Walk): void {
  const compiler = createCompiler();
  const state = emptyClusterState();
  let before = snapshot(compiler.ruleset);
  for (const updates of walk) {
    for (const update of updates) fold(state, update);
    compiler.apply(updates);
    const after = snapshot(compiler.ruleset);
    expect(after).toEqual(snapshot(compileRuleset(state)));
    expect(touchedAsDifference(compiler.takeTouched())).toEqual(difference(before, after));
    before = after;
  }
}
