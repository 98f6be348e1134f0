import { type ClusterState, emptyClusterState, type Update, updateName } from "../../model/update.ts";
import { stateUpdates } from "../../policy/compiler.ts";

/** Whole states, one after another: where the cluster stands at moments when somebody looks. */
export type Journey = readonly ClusterState[];

/** Batches of updates. */
export type Walk = readonly (readonly Update[])[];

function nameOf(update: Update): string {
  return `${update.kind} ${updateName(update)}`;
}

/** From one state to the next, as a watch tells it: what went, then what is new or differs. */
export function stepsBetween(from: ClusterState, to: ClusterState): Update[] {
  const [before, after] = [stateUpdates(from), stateUpdates(to)];
  const kept = new Set(after.map(nameOf));
  const held = new Set<unknown>(before.map(({ value }) => value));
  const removed = before.filter((update) => !kept.has(nameOf(update)));
  return [
    ...removed.map((update) => ({ ...update, value: undefined })),
    ...after.filter(({ value }) => !held.has(value)),
  ];
}

function walk(journey: Journey): Walk {
  return journey.map((state, at) => stepsBetween(journey[at - 1] ?? emptyClusterState(), state));
}

/** Updates of different objects overtake each other; of one object only the last word arrives. */
function shuffle(updates: readonly Update[], keys: readonly number[]): Update[] {
  const lastWords = [...new Map(updates.map((update) => [nameOf(update), update])).values()];
  return lastWords
    .map((update, at) => ({ update, key: keys[at % keys.length] ?? 0 }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ update }) => update);
}

/** The ways to walk a journey. The numbers decide how the shuffled ones go. */
export function expand(journey: Journey, numbers: readonly number[]): ReadonlyMap<string, Walk> {
  const forward = walk(journey);
  const back = walk(journey.toReversed());
  return new Map<string, Walk>([
    ["forward", forward],
    ["reversed", back],
    ["there and back", walk([...journey, ...journey.toReversed()])],
    ["emptied between", walk(journey.flatMap((state) => [state, emptyClusterState()]))],
    ...journey.map((state, at): [string, Walk] => [`state ${at} alone`, walk([state])]),
    ["squashed", [forward.flat()]],
    ["reversed and squashed", [back.flat()]],
    ["shuffled", forward.map((updates) => shuffle(updates, numbers))],
    ["squashed and shuffled", [shuffle(forward.flat(), numbers)]],
    ["one by one", forward.flat().map((update) => [update])],
    ["each said twice", forward.map((updates) => [...updates, ...updates])],
    ["repeated later", forward.flatMap((updates) => [updates, structuredClone(updates)])],
  ]);
}
