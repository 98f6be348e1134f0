import { type Ending, endingOfCut, endingOfError, endingOfStatus } from "./ending.ts";
import { type Alarm, Exchange } from "./exchange.ts";
import { createJsonLines } from "./json-lines.ts";
import type { Change, ListWatchEvent } from "./list-watch-event.ts";
import type { Pace } from "./pace.ts";
import type { Reading } from "./reading-state.ts";
import { queryOf } from "./server-traits.ts";
import { slices } from "./slices.ts";
import { checkVersion } from "./version-check.ts";
import { eventReader, readWatchEvent, type WatchEvent } from "./watch-events.ts";
import { asked, type Query } from "./watched-resource.ts";

/** A watch goes on from the reading's version, or brings the present state itself first. */
export type WatchStart = "watch" | "streaming list";

/** Clocks differ a little: a watch that lived for this part of its time was ended because of it. */
const WHOLE_TIME = 0.999;

function watchSeconds({ random, watchSeconds: [shortest, longest] }: Pace): number {
  return Math.round(shortest + random() * (longest - shortest));
}

function watchQuery(
  { version, traits, resource }: Reading<unknown>,
  start: WatchStart,
  seconds: number,
): Query {
  return {
    ...queryOf(traits, resource),
    watch: "1",
    allowWatchBookmarks: "true",
    timeoutSeconds: String(seconds),
    ...(version === undefined ? {} : { resourceVersion: version }),
    ...(start === "streaming list"
      ? { sendInitialEvents: "true", resourceVersionMatch: "NotOlderThan" }
      : {}),
  };
}

/** What a silence means, until the initial events have come and afterwards. */
function watchAlarms(
  reading: Reading<unknown>,
  exchange: Exchange,
  initial: () => boolean,
): () => readonly Alarm[] {
  const { pace, traits, resource } = reading;
  const aged: Alarm = { at: performance.now() + pace.longestWatch, ring: "aged" };
  let checkedAt = 0;
  const check = (): void => {
    checkedAt = performance.now();
    // Any other answer is no news: the pulse tells of a server that gives none.
    void checkVersion(reading).then(
      (ending) => {
        if (ending.kind === "tooLarge") exchange.cutOff("older");
      },
      () => undefined,
    );
  };
  const quiet = (): void => {
    // Servers of 1.20 send none to a watch from the newest version of a quiet resource: the next watch shows it.
    traits.bookmarked.delete(resource.path);
    exchange.cutOff("quiet");
  };
  return () => {
    const { heardAt } = exchange;
    if (initial()) return [aged, { at: heardAt + pace.streamingPatience, ring: "impatient" }];
    if (traits.bookmarked.has(resource.path)) {
      return [aged, { at: heardAt + pace.bookmarkSilence, ring: quiet }];
    }
    return [aged, { at: Math.max(heardAt, checkedAt) + pace.versionCheckEvery, ring: check }];
  };
}

/**
 * Watches until the watch ends, one way or another. `answered` comes before everything else, when the server has begun
 * its answer; a streaming list begins with `listing`, and `listed` is told when it is complete.
 */
export async function* watch<Item>(
  reading: Reading<Item>,
  start: WatchStart,
): AsyncGenerator<ListWatchEvent<Item> | { readonly kind: "answered" }, Ending, undefined> {
  const { client, resource, read, pace, traits } = reading;
  const reader = { read, server: client.server };
  let initial = start === "streaming list";
  let told = false;
  /** What a streaming list says after it has said that something is gone: only a change can say that. */
  let held: Change<Item>[] = [];
  using exchange = new Exchange(reading);
  try {
    const alarms = watchAlarms(reading, exchange, () => initial);
    const seconds = watchSeconds(pace);
    const request = { path: resource.path, query: watchQuery(reading, start, seconds) };
    // The server's time begins later than this, and so ends later: what ends sooner was not ended by it.
    const sentAt = performance.now();
    const status = await exchange.open(request, asked("watch", resource), initial ? alarms() : []);
    if (status !== undefined) return endingOfStatus(status);
    yield { kind: "answered" };
    if (initial) yield { kind: "listing" };
    const reduce = (line: unknown): WatchEvent<Item> => readWatchEvent(line, reader);
    const records = createJsonLines(eventReader(resource.fields));
    const events = slices({ exchange, records, reduce, alarms, step: pace.step });
    for await (const { out, arrivedAt } of events) {
      told = true;
      let items: Item[] = [];
      let changes: Change<Item>[] = [];
      let ending: Ending | undefined;
      for (const event of out) {
        if (event.kind === "error") {
          ending = event.ending;
          break;
        }
        if (event.kind === "bookmark" && !initial) traits.bookmarked.add(resource.path);
        if (event.kind === "change") {
          if (!initial) changes.push(event.change);
          else if (event.change.gone || held.length > 0) held.push(event.change);
          else items.push(event.change.item);
        } else if (initial && event.initialEnd) {
          if (items.length > 0) yield { kind: "items", items };
          items = [];
          initial = false;
          traits.streamingLists = "served";
          reading.version = event.version;
          yield { kind: "listed", version: event.version };
          changes = held;
          held = [];
        }
        // Before its end a streaming list is nothing to go on from.
        if (!initial) reading.version = event.version;
      }
      if (items.length > 0) yield { kind: "items", items };
      if (changes.length > 0) yield { kind: "changes", changes, noticedAt: arrivedAt };
      if (ending !== undefined) return ending;
    }
    return { kind: "ended", told, early: performance.now() - sentAt < seconds * 1000 * WHOLE_TIME };
  } catch (error) {
    return exchange.cut === undefined
      ? endingOfError(error, client.server)
      : endingOfCut(exchange.cut, client.server);
  }
}
