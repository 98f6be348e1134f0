import type { Problem } from "../../../model/problem.ts";
import { unreachable } from "../../../model/unreachable.ts";
import type { ListWatchEvent } from "../reading/list-watch-event.ts";
import { createKnownObjects } from "./known-objects.ts";
import type { ProblemList } from "./problem-list.ts";
import { compareVersions, readResourceVersion, type ResourceVersion } from "./resource-version.ts";
import type { ModelItem } from "./to-model.ts";

/** One object's value before and after; undefined: there is none. The two are never equal. */
export interface ValueChange<Value> {
  readonly before: Value | undefined;
  readonly after: Value | undefined;
}

/** What came of an object that was asked for by its name. */
export interface LookedUp<Value> {
  readonly changes: readonly ValueChange<Value>[];
  /** Something later is known about the object: it changed meanwhile, or went. */
  readonly late: boolean;
  /** What is known of it now. */
  readonly value: Value | undefined;
}

/** All objects whose keys begin alike, asked for at once. */
export interface LookedUpList<Value> {
  /** For example `NAMESPACE/`. */
  readonly prefix: string;
  readonly version: ResourceVersion;
  readonly items: readonly ModelItem<Value>[];
}

/** What is known of one resource: the last state of each object. */
export interface ResourceStore<Value> {
  /** Whether it was listed to the end at least once. */
  readonly whole: boolean;
  /** How many objects there are. */
  readonly size: number;
  /**
   * Takes one event of the list and watch and answers what has changed by it. Until the first listing is complete every item
   * counts at once; later listings count when they are complete, all in one.
   */
  take(event: ListWatchEvent<ModelItem<Value>>): ValueChange<Value>[];
  /**
   * Takes an object that was asked for by its name, and that the watch has not told of yet or never will. It counts at once, also
   * while a listing is under way, and stays until list or watch tell of it, or of a later state without it.
   */
  look(item: ModelItem<Value>): LookedUp<Value>;
  /** The same for several at once. What the list lacks is gone, unless it is known by a later version, or by one that cannot be compared. */
  lookAll(list: LookedUpList<Value>): readonly ValueChange<Value>[];
}

/** Two fields and no more: there is one for each pod of the cluster. */
interface Known<Value> {
  readonly version: ResourceVersion;
  readonly value: Value | undefined;
}

/** What was told of an object: problems are rare, and not held beside each object that has none. */
interface Told<Value> {
  readonly known: Known<Value>;
  readonly problems: readonly Problem[];
}

const NO_PROBLEMS: readonly Problem[] = [];

/** How many objects that went are remembered. Watches keep the order: this is for those that do not. */
const MOST_GONE = 4096;

/** What is wrong with its objects goes into `allProblems`, where it stands with that of other resources. */
export function createResourceStore<Value>(allProblems: ProblemList): ResourceStore<Value> {
  /** Marked is what the last listing held, or what was told since it began. */
  const objects = createKnownObjects<Known<Value>>();
  /** The versions at which objects went, oldest first: what comes late about them is no news. */
  const gone = new Map<string, ResourceVersion>();
  /** Of objects that have any. */
  const problems = new Map<string, readonly Problem[]>();
  /** Objects that were looked up and that neither list nor watch has told of so far. */
  const looked = new Map<string, ResourceVersion>();
  /** What listings and watches have come to: of what was before that, nothing is missing. */
  let reached: ResourceVersion | undefined;
  /** What a listing under way says otherwise than `objects`, for when it is complete. Undefined: it counts at once. */
  let waiting: Map<string, Told<Value>> | undefined;
  let listing = false;
  let whole = false;

  /** What is known of an object in what counts now: the listing, while there is one. */
  function present(key: string): Known<Value> | undefined {
    if (listing && objects.isUnmarked(key)) return undefined;
    return waiting?.get(key)?.known ?? objects.get(key);
  }

  /** Whether what came is no news, since something later is known about the object. */
  function isLate({ key, version }: ModelItem<Value>, isGone: boolean): boolean {
    const known = present(key);
    if (known !== undefined) return (compareVersions(version, known.version) ?? 0) < 0;
    const wentAt = gone.get(key);
    if (wentAt === undefined) return false;
    const age = compareVersions(version, wentAt);
    // Some servers delete under the version of the last state: that state, told again, is late.
    return age !== undefined && (isGone ? age < 0 : age <= 0);
  }

  function remember(key: string, version: ResourceVersion): void {
    gone.delete(key);
    gone.set(key, version);
    if (gone.size <= MOST_GONE) return;
    for (const oldest of gone.keys()) return void gone.delete(oldest);
  }

  function settleProblems(key: string, found: readonly Problem[]): void {
    const had = problems.get(key) ?? NO_PROBLEMS;
    if ((had.length === 0 && found.length === 0) || Bun.deepEquals(had, found, true)) return;
    allProblems.replace(had, found);
    if (found.length > 0) problems.set(key, found);
    else problems.delete(key);
  }

  /** Makes it what is known of the object; undefined: nothing is. */
  function settle(key: string, told: Told<Value> | undefined, changes: ValueChange<Value>[]): void {
    const before = objects.get(key);
    const next = told?.known;
    if (next === undefined) objects.delete(key);
    else objects.set(key, next);
    settleProblems(key, told?.problems ?? NO_PROBLEMS);
    if (before?.value !== next?.value) changes.push({ before: before?.value, after: next?.value });
  }

  function nextOf({ key, version, value, problems: found }: ModelItem<Value>): Told<Value> {
    const known = objects.get(key);
    // An equal value is the one that is known already: nothing is compiled again, and nothing is held twice.
    const isSame = known !== undefined && Bun.deepEquals(known.value, value, true);
    return { known: { version, value: isSame ? known.value : value }, problems: found };
  }

  /** Whether an object that was looked up is of an earlier state than what is known. */
  function isOutdated({ key, version }: ModelItem<Value>): boolean {
    const wentAt = gone.get(key);
    if (wentAt !== undefined && (compareVersions(version, wentAt) ?? 1) <= 0) return true;
    const known = objects.get(key);
    if (known !== undefined) return (compareVersions(version, known.version) ?? 0) < 0;
    return reached !== undefined && (compareVersions(version, reached) ?? 1) <= 0;
  }

  function takeLooked(item: ModelItem<Value>, changes: ValueChange<Value>[]): void {
    const { key, version } = item;
    const known = objects.get(key);
    if (known !== undefined && compareVersions(version, known.version) === 0) return;
    const pending = waiting?.get(key)?.known.version;
    const age = pending === undefined ? 1 : (compareVersions(version, pending) ?? 1);
    // What the listing under way has told of it is this, or earlier; else that is later, and counts at the listing's end.
    if (age >= 0) waiting?.delete(key);
    if (age > 0) looked.set(key, version);
    gone.delete(key);
    objects.mark(key);
    settle(key, nextOf(item), changes);
  }

  function takeLookedGone(key: string, version: ResourceVersion, changes: ValueChange<Value>[]): void {
    const known = objects.get(key);
    looked.delete(key);
    // A listing under way decides at its end, as it does about everything that it holds: nobody knows its version yet.
    if (!listing) remember(key, version);
    else if (known !== undefined && !objects.isUnmarked(key) && waiting?.has(key) === false)
      waiting.set(key, { known, problems: problems.get(key) ?? NO_PROBLEMS });
    settle(key, undefined, changes);
  }

  /** Whether a listing of that version, which does not hold an object, tells that it is gone. */
  function isMissing(key: string, listed: ResourceVersion): boolean {
    const version = looked.get(key);
    const age = version === undefined ? undefined : compareVersions(version, listed);
    return age === undefined ? objects.isUnmarked(key) : age <= 0;
  }

  function takeItem(item: ModelItem<Value>, isGone: boolean, changes: ValueChange<Value>[]): void {
    if (isLate(item, isGone)) return;
    const { key, version } = item;
    looked.delete(key);
    const known = objects.get(key);
    if (isGone) {
      remember(key, version);
      waiting?.delete(key);
      if (waiting === undefined) settle(key, undefined, changes);
      // What the listing had and has no more is not in it.
      else objects.unmark(key);
      return;
    }
    gone.delete(key);
    objects.mark(key);
    const next = nextOf(item);
    const changed =
      known === undefined ||
      known.value !== next.known.value ||
      !Bun.deepEquals(problems.get(key) ?? NO_PROBLEMS, next.problems);
    if (waiting === undefined || !changed) {
      waiting?.delete(key);
      settle(key, next, changes);
    } else {
      waiting.set(key, next);
    }
  }

  function begin(): void {
    listing = true;
    objects.beginRound();
    waiting = whole ? new Map() : undefined;
    gone.clear();
  }

  /** A complete listing is the truth, even one that is older than what was seen. */
  function finish(version: ResourceVersion, changes: ValueChange<Value>[]): void {
    const told = waiting ?? new Map<string, Told<Value>>();
    // What was looked up may be missing, too, and what was not told of may have been looked up since.
    const doubtful = [...objects.unmarked(), ...looked.keys()];
    const missing = doubtful.filter((key) => !told.has(key) && isMissing(key, version));
    for (const key of missing) {
      looked.delete(key);
      settle(key, undefined, changes);
    }
    for (const [key, next] of told) settle(key, next, changes);
    listing = false;
    waiting = undefined;
    whole = true;
    reached = version;
  }

  return {
    get whole() {
      return whole;
    },
    get size() {
      return objects.size;
    },
    look(item) {
      const changes: ValueChange<Value>[] = [];
      const late = isOutdated(item);
      if (!late) takeLooked(item, changes);
      return { changes, late, value: objects.get(item.key)?.value };
    },
    lookAll({ prefix, version, items }) {
      const changes: ValueChange<Value>[] = [];
      const held = new Set(items.map(({ key }) => key));
      for (const item of items) if (!isOutdated(item)) takeLooked(item, changes);
      const lacking: string[] = [];
      for (const [key, known] of objects.entries()) {
        if (!key.startsWith(prefix) || held.has(key)) continue;
        if ((compareVersions(known.version, version) ?? 1) <= 0) lacking.push(key);
      }
      for (const key of lacking) takeLookedGone(key, version, changes);
      return changes;
    },
    take(event) {
      const changes: ValueChange<Value>[] = [];
      switch (event.kind) {
        case "listing":
          begin();
          return changes;
        case "items":
          if (!listing) begin();
          for (const item of event.items) takeItem(item, false, changes);
          return changes;
        case "listed":
          if (listing) finish(readResourceVersion(event.version), changes);
          return changes;
        case "changes":
          for (const { item, gone: isGone } of event.changes) {
            takeItem(item, isGone, changes);
            if (reached !== undefined && (compareVersions(item.version, reached) ?? 0) > 0)
              reached = item.version;
          }
          return changes;
        case "trouble":
        case "well":
          return changes;
        default:
          return unreachable(event);
      }
    },
  };
}
