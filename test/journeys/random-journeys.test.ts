import { expect, setDefaultTimeout, test } from "bun:test";
import * as fc from "fast-check";
import type { Update } from "../../model/update.ts";
import { createCompiler } from "../../policy/compiler.ts";
import { testRuns, testSeed } from "../worlds/seed.ts";
import { arbitraryState, arbitraryUpdate } from "./random-state.ts";
import { expectSameAsFromScratch } from "./replay.ts";
import { difference, snapshot, touchedAsDifference, withoutCameAgain } from "./snapshot.ts";
import { expand } from "./walks.ts";

// Ten times as many runs must fit too.
setDefaultTimeout(120_000);
const parameters = { seed: testSeed(), numRuns: testRuns("TORTIE_JOURNEYS", 100) };

test("a random journey leads to the same ruleset whichever way it is walked", () => {
  const journeys = fc.array(arbitraryState, { minLength: 1, maxLength: 4 });
  const numbers = fc.array(fc.nat(), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(journeys, numbers, (journey, order) => {
      for (const walk of expand(journey, order).values()) expectSameAsFromScratch(walk);
    }),
    parameters,
  );
});

test("random updates: touched is exactly what differs, batch by batch", () => {
  const batches = fc.array(fc.array(arbitraryUpdate, { maxLength: 8 }), { maxLength: 12 });
  fc.assert(fc.property(batches, expectSameAsFromScratch), {
    ...parameters,
    numRuns: parameters.numRuns * 3,
  });
});

test("touched adds up while nobody takes it, and things that changed back are not in it", () => {
  const batches = fc.array(fc.array(arbitraryUpdate, { maxLength: 8 }), { maxLength: 8 });
  fc.assert(
    fc.property(arbitraryState, batches, (state, later) => {
      const compiler = createCompiler();
      compiler.apply([...state.endpoints].map(([id, value]): Update => ({ kind: "endpoint", id, value })));
      compiler.apply([...state.policies].map(([id, value]): Update => ({ kind: "policy", id, value })));
      compiler.takeTouched();
      const before = snapshot(compiler.ruleset);
      for (const updates of later) compiler.apply(updates);
      const after = snapshot(compiler.ruleset);
      const touched = touchedAsDifference(compiler.takeTouched());
      expect(withoutCameAgain(touched, before, after)).toEqual(difference(before, after));
    }),
    parameters,
  );
});

test("with everything gone nothing is left", () => {
  fc.assert(
    fc.property(arbitraryState, fc.array(arbitraryUpdate, { maxLength: 20 }), (state, updates) => {
      const compiler = createCompiler();
      compiler.apply([...state.policies].map(([id, value]): Update => ({ kind: "policy", id, value })));
      compiler.apply(updates);
      const { namespaces, endpoints, policies, nodes, pools } = compiler.state;
      compiler.apply([
        ...[...policies.keys()].map((id): Update => ({ kind: "policy", id, value: undefined })),
        ...[...endpoints.keys()].map((id): Update => ({ kind: "endpoint", id, value: undefined })),
        ...[...nodes.keys()].map((name): Update => ({ kind: "node", name, value: undefined })),
        ...[...namespaces.keys()].map((name): Update => ({ kind: "namespace", name, value: undefined })),
        ...[...pools.keys()].map((cidr): Update => ({ kind: "pool", cidr, value: undefined })),
      ]);
      expect(snapshot(compiler.ruleset)).toEqual({
        addressSets: {},
        serviceSets: {},
        programs: {},
        endpoints: {},
        podRanges: "[]",
        masquerade: '{"from":[],"except":[]}',
      });
    }),
    parameters,
  );
});
