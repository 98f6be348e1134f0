import type { Change, ListWatchEvent } from "../../adapters/kubernetes/reading/list-watch-event.ts";
import type { ResourceName } from "../../adapters/kubernetes/store/object-store.ts";
import type { Dice } from "./dice.ts";
import { type AnyObject, type Happening, ofResource, stateAfter } from "./history.ts";

export type RawEvent =
  | ListWatchEvent<AnyObject>
  /** The answer to a question for one object by its name. */
  | { readonly kind: "looked"; readonly object: AnyObject }
  /** The answer to a question for all objects of a namespace. */
  | {
      readonly kind: "lookedAll";
      readonly namespace: string;
      readonly version: string;
      readonly objects: readonly AnyObject[];
    };

function* inPieces<Item>(items: readonly Item[], dice: Dice): Generator<Item[]> {
  for (let at = 0; at < items.length;) {
    const size = 1 + dice.roll(4);
    yield items.slice(at, at + size);
    at += size;
  }
}

/** Some of the items come twice, and none where it belongs. */
function muddled<Item>(items: readonly Item[], dice: Dice): Item[] {
  return dice.shuffled([...items, ...items.filter(() => dice.oneIn(3))]);
}

function changesOf(past: readonly Happening[], resource: ResourceName): Change<AnyObject>[] {
  return past
    .filter((happening) => happening.resource === resource)
    .map(({ object, gone }) => ({ item: object, gone }));
}

function* told(changes: readonly Change<AnyObject>[], dice: Dice): Generator<RawEvent> {
  for (const some of inPieces(muddled(changes, dice), dice)) {
    yield { kind: "changes", changes: some, noticedAt: 0 };
  }
}

function versionAfter(past: readonly Happening[], length: number): string {
  return String(past[length - 1]?.version ?? 1);
}

/** A list of what there was after `length` happenings; one that streams may begin earlier and tell the last of them as changes. */
function* listing(
  past: readonly Happening[],
  resource: ResourceName,
  { length, dice }: { length: number; dice: Dice },
): Generator<RawEvent> {
  const begun = dice.oneIn(3) ? dice.roll(length + 1) : length;
  const objects = ofResource(stateAfter(past, begun), resource);
  if (dice.oneIn(4)) {
    yield { kind: "listing" };
    // It breaks off, after some of it came.
    for (const items of inPieces(objects, dice)) if (!dice.oneIn(2)) yield { kind: "items", items };
    yield { kind: "trouble", since: new Date(0), because: "it broke off", next: "nothing" };
  }
  yield { kind: "listing" };
  for (const items of inPieces(dice.shuffled(objects), dice)) yield { kind: "items", items };
  yield* told(changesOf(past.slice(begun, length), resource), dice);
  yield { kind: "listed", version: versionAfter(past, length) };
  yield { kind: "well" };
}

/** Pods and namespaces are asked for by their names, policies by their namespace. */
function* look(
  seen: readonly Happening[],
  resource: ResourceName,
  { length, dice }: { length: number; dice: Dice },
): Generator<RawEvent> {
  const objects = ofResource(stateAfter(seen, length), resource);
  if (resource === "networkpolicies") {
    const written = seen.filter((happening) => happening.resource === resource);
    const namespace = written[dice.roll(Math.max(1, written.length))]?.object.metadata.namespace ?? "x";
    const inside = objects.filter(({ metadata }) => metadata.namespace === namespace);
    yield {
      kind: "lookedAll",
      namespace,
      version: versionAfter(seen, length),
      objects: dice.shuffled(inside),
    };
    return;
  }
  const object = objects[dice.roll(Math.max(1, objects.length))];
  if (object !== undefined) yield { kind: "looked", object };
}

/** Between the events, answers to questions: early ones, late ones, and some about what is gone long since. */
function* withLooks(
  events: Iterable<RawEvent>,
  { seen, resource, dice }: { seen: readonly Happening[]; resource: ResourceName; dice: Dice },
): Generator<RawEvent> {
  for (const event of events) {
    yield event;
    if (dice.oneIn(3)) yield* look(seen, resource, { length: dice.roll(seen.length + 1), dice });
  }
}

function* round(
  seen: readonly Happening[],
  resource: ResourceName,
  { length, to, dice }: { length: number; to: number; dice: Dice },
): Generator<RawEvent> {
  yield* listing(seen, resource, { length, dice });
  yield* told(changesOf(seen.slice(length, to), resource), dice);
}

/**
 * What one resource's reader is told of a history: lists from any moment of it, older ones than were seen before included,
 * each followed by the changes up to some later moment in any order, some of them twice. The last ones reach the end of
 * `past`; the ones before may come from `lost`, which was restored to what `past` begins with: the same versions mean other
 * objects there.
 */
export function* telling(
  { past, lost }: { readonly past: readonly Happening[]; readonly lost: readonly Happening[] },
  resource: ResourceName,
  dice: Dice,
): Generator<RawEvent> {
  const rounds = 1 + dice.roll(3);
  const restoredIn = 1 + dice.roll(rounds);
  for (let at = 1; at <= rounds; at++) {
    const seen = at < restoredIn ? lost : past;
    const length = dice.roll(seen.length + 1);
    const to = at === rounds ? seen.length : length + dice.roll(seen.length - length + 1);
    const events = round(seen, resource, { length, to, dice });
    // The node is not asked for, and no answer takes so long that a backup was restored meanwhile.
    yield* resource !== "nodes" && seen === past ? withLooks(events, { seen, resource, dice }) : events;
  }
}
