import { expect, setDefaultTimeout, test } from "bun:test";
import * as fc from "fast-check";
import type { DatastoreEvent } from "../../adapters/datastore.ts";
import { createModelReader, type ModelReader } from "../../adapters/kubernetes/store/model-reader.ts";
import type { ResourceName } from "../../adapters/kubernetes/store/object-store.ts";
import {
  type ModelResource,
  NAMESPACES,
  NETWORK_POLICIES,
  ownNode,
  PODS,
} from "../../adapters/kubernetes/store/resources.ts";
import { readResourceVersion } from "../../adapters/kubernetes/store/resource-version.ts";
import { createSharing } from "../../adapters/kubernetes/store/sharing.ts";
import { collectObjects } from "../../adapters/objects/collect.ts";
import { readObject } from "../../adapters/objects/read-object.ts";
import { type Problem, problemText } from "../../model/problem.ts";
import { type ClusterState, emptyClusterState, fold } from "../../model/update.ts";
import { compileRuleset, createCompiler } from "../../policy/compiler.ts";
import { snapshot } from "../journeys/snapshot.ts";
import { testRuns, testSeed } from "../worlds/seed.ts";
import { createDice } from "./dice.ts";
import { type AnyObject, happenings, stateAfter } from "./history.ts";
import { arbitraryDeeds, NODE_NAME } from "./random-deeds.ts";
import { type RawEvent, telling } from "./telling.ts";

// Ten times as many runs must fit too.
setDefaultTimeout(120_000);
const parameters = { seed: testSeed(), numRuns: testRuns("TORTIE_HISTORIES", 300) };

interface Truth {
  readonly state: ClusterState;
  readonly problems: readonly string[];
}

/** What the objects mean to a datastore that reads them all at once. */
function truthOf(objects: readonly AnyObject[]): Truth {
  const placed = objects.map((object) => ({
    where: "",
    read: readObject(object, "", { nodeName: NODE_NAME, podsWithoutNode: "nowhere" }),
  }));
  const problems = placed.flatMap(({ read }) => read.problems).map(problemText);
  return { state: collectObjects(placed).state, problems: problems.toSorted() };
}

function sorted(state: ClusterState): unknown {
  return Object.entries(state).map(([name, map]) => [
    name,
    [...(map as ReadonlyMap<string, unknown>)].toSorted(([a], [b]) => (a < b ? -1 : 1)),
  ]);
}

function taker<Name extends ResourceName>(
  reader: ModelReader,
  { name, read }: ModelResource<Name>,
): (event: RawEvent) => DatastoreEvent[] {
  const context = { nodeName: NODE_NAME, sharing: createSharing(4) };
  return (event) => {
    if (event.kind === "items") {
      return reader.take(name, { kind: "items", items: event.items.map((item) => read(item, context)) });
    }
    if (event.kind === "looked") {
      const { object } = event;
      const looked =
        name === "pods"
          ? { pod: PODS.read(object, context) }
          : { namespace: NAMESPACES.read(object, context) };
      return [...reader.look(looked).events];
    }
    if (event.kind === "lookedAll") {
      const { namespace, version, objects } = event;
      const items = objects.map((object) => NETWORK_POLICIES.read(object, context));
      const policies = { prefix: `${namespace}/`, version: readResourceVersion(version), items };
      return [...reader.look({ policies }).events];
    }
    if (event.kind !== "changes") return reader.take(name, event);
    const changes = event.changes.map(({ item, gone }) => ({ item: read(item, context), gone }));
    return reader.take(name, { ...event, changes });
  };
}

test("any order and duplication of changes, and lists from any moment, end in the same state and ruleset", () => {
  fc.assert(
    fc.property(arbitraryDeeds, arbitraryDeeds, fc.integer(), (deeds, others, seed) => {
      const dice = createDice(seed);
      const old = dice.oneIn(3);
      const past = happenings(deeds, old);
      const lost = happenings([...deeds.slice(0, dice.roll(deeds.length)), ...others], old);
      const histories = { past, lost };
      const names: ResourceName[] = ["pods", "namespaces", "networkpolicies", "nodes"];
      const client = { server: "https://test", notices: [] };
      const reader = createModelReader({ resources: names, nodeName: NODE_NAME, client });
      const tales = [
        { take: taker(reader, PODS), told: telling(histories, "pods", dice) },
        { take: taker(reader, NAMESPACES), told: telling(histories, "namespaces", dice) },
        { take: taker(reader, NETWORK_POLICIES), told: telling(histories, "networkpolicies", dice) },
        { take: taker(reader, ownNode(NODE_NAME)), told: telling(histories, "nodes", dice) },
      ];
      const state = emptyClusterState();
      const compiler = createCompiler();
      let problems: readonly Problem[] = [];
      let synced = 0;
      while (tales.length > 0) {
        const at = dice.roll(tales.length);
        const { value: event } = tales[at]!.told.next();
        if (event === undefined) {
          tales.splice(at, 1);
          continue;
        }
        const told = tales[at]!.take(event);
        const updates = told.filter(({ kind }) => kind === "updates");
        expect(updates.length).toBeLessThanOrEqual(1);
        if (synced > 0 && event.kind === "items") expect(updates).toEqual([]);
        for (const one of told) {
          if (one.kind === "inSync") synced++;
          if (one.kind === "problems") problems = one.problems;
          if (one.kind !== "updates") continue;
          for (const update of one.updates) fold(state, update);
          compiler.apply(one.updates);
        }
      }
      const truth = truthOf(stateAfter(past, past.length));
      expect(synced).toBe(1);
      expect(sorted(state)).toEqual(sorted(truth.state));
      expect(problems.map(problemText).toSorted()).toEqual([...truth.problems]);
      expect(snapshot(compiler.ruleset)).toEqual(snapshot(compileRuleset(truth.state)));
      expect(compiler.ruleset.podRanges).toEqual(compileRuleset(truth.state).podRanges);
    }),
    parameters,
  );
});
