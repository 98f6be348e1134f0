import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { type ClusterState, emptyClusterState, fold } from "../model/update.ts";
import { differences } from "./differences.ts";
import { collectObjects } from "./objects/collect.ts";
import { readObject } from "./objects/read-object.ts";

const object = fc.record({
  apiVersion: fc.constant("v1"),
  kind: fc.constantFrom("Pod", "Namespace"),
  metadata: fc.record({
    name: fc.constantFrom("a", "b", "c"),
    labels: fc.dictionary(fc.constantFrom("k", "constructor"), fc.constantFrom("1", "2")),
  }),
});

function stateOf(objects: readonly unknown[]): ClusterState {
  return collectObjects(objects.map((value) => ({ where: "", read: readObject(value, "") }))).state;
}

test("folding the differences into the one state gives the other, and equal states have none", () => {
  const seed = Number(process.env["TORTIE_SEED"] ?? Date.now());
  fc.assert(
    fc.property(fc.array(object), fc.array(object), (first, second) => {
      const after = stateOf(second);
      const state = emptyClusterState();
      for (const update of differences(state, stateOf(first))) fold(state, update);
      const updates = differences(state, after);
      for (const update of updates) fold(state, update);
      expect(state).toEqual(after as typeof state);
      expect(differences(state, stateOf(second))).toEqual([]);
    }),
    { seed },
  );
});
