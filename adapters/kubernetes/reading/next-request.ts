import { unreachable } from "../../../model/unreachable.ts";
import { type BackOff, createBackOff } from "./back-off.ts";
import type { Ending } from "./ending.ts";
import type { Reading } from "./reading-state.ts";
import { plainer } from "./server-traits.ts";
import { createTrouble, type Trouble } from "./trouble.ts";

/** `check`: whether the server still knows our version. */
export type Ask = "streaming list" | "list" | "check" | "watch";

/** Where the reading stands between two requests. */
export interface Course {
  /** What is needed next. */
  need: "list" | "check" | "watch";
  /** A streaming list failed in a way that may mean that there are none here: the next list shows it. */
  doubtful: boolean;
  /** The server was away, and for others too: whoever needs a list then waits for his turn. */
  disconnected: boolean;
  readonly trouble: Trouble;
  readonly backOff: BackOff;
}

const AGAIN = "nothing: the whole is read anew";

export function createCourse({ pace }: Reading<unknown>): Course {
  return {
    need: "list",
    doubtful: false,
    disconnected: false,
    trouble: createTrouble(),
    backOff: createBackOff(pace),
  };
}

export function nextAsk({ need, doubtful }: Course, { traits, forgotten }: Reading<unknown>): Ask {
  if (need !== "list") return need;
  // Where versions went back the server's cache may be what is wrong, and streaming lists come from it.
  if (forgotten !== "no") return "list";
  return doubtful || traits.streamingLists === "refused" ? "list" : "streaming list";
}

/** A list is complete, by either way. */
export function listed(course: Course, reading: Reading<unknown>): void {
  const { traits } = reading;
  if (course.doubtful && traits.streamingLists === "unknown") traits.streamingLists = "refused";
  course.doubtful = false;
  course.need = "watch";
  course.trouble.over();
  reading.listedOnce = true;
  reading.forgotten = "no";
}

function forget(reading: Reading<unknown>): void {
  reading.version = undefined;
  if (reading.forgotten === "no") reading.forgotten = "version";
}

/** What one request came to. */
export interface Attempt {
  readonly ask: Ask;
  readonly ending: Ending;
  /** Milliseconds from the beginning of a watch's answer to its end. */
  readonly lived: number;
}

function afterRefusal(
  course: Course,
  reading: Reading<unknown>,
  ask: Ask,
  { status }: Ending & { kind: "refused" },
): number {
  const { pace, traits, resource } = reading;
  const { code, retryAfterSeconds = 0 } = status;
  if (ask === "streaming list" && (code === 400 || code === 422)) {
    traits.streamingLists = "unknown";
    course.doubtful = true;
    return 0;
  }
  if (ask === "list" && code === 400 && plainer(traits, resource)) {
    // The query was at fault: nothing is known yet of streaming lists.
    course.doubtful = false;
    return 0;
  }
  // A server that was rolled back may refuse the query that it took before: a list finds out which one it takes.
  if ((ask === "watch" || ask === "check") && code === 400) course.need = "list";
  // Whoever may watch and not list can at least go on watching.
  if (ask === "check" && code === 403) course.need = "watch";
  // An empty cluster knows no accounts: who answers once we are let in again may be an older one.
  if (ask === "watch" && (code === 401 || code === 403)) course.need = "check";
  if (ask !== "list" && (code === 429 || code >= 500)) course.disconnected = true;
  course.trouble.found(status.found, status.next);
  // The server's wish, and then the jitter: it gave the same number to all of us.
  return Math.min(retryAfterSeconds * 1000, pace.longestRetryAfter) + course.backOff.next();
}

/** Takes an ending into the course; returns how many milliseconds to wait before the next request. */
export function afterwards(
  course: Course,
  reading: Reading<unknown>,
  { ask, ending, lived }: Attempt,
): number {
  const { pace } = reading;
  const { backOff, trouble } = course;
  if (lived >= pace.steady) {
    backOff.reset();
    course.disconnected = false;
  }
  switch (ending.kind) {
    case "stopped":
      return 0;
    case "listed":
      return 0;
    case "current":
      course.need = "watch";
      return 0;
    case "ended":
      if (course.need === "list") trouble.found("a streaming list ended before it was complete", AGAIN);
      if (course.need !== "watch") return backOff.next();
      // A server that stops ends its watches in good order, and may come back with an etcd restored from a backup.
      if (ending.early) course.need = "check";
      if (lived >= pace.shortWatch) return 0;
      return ending.told ? pace.random() * pace.firstBackOff : backOff.next();
    case "quiet":
      course.need = "check";
      return 0;
    case "impatient":
      course.doubtful = true;
      return 0;
    case "disconnected":
      if (course.need !== "list") {
        course.disconnected = true;
        course.need = "check";
      }
      trouble.found(ending.found, ending.next);
      return backOff.next();
    case "expired":
      // Too old to watch from is not too old to list from: that takes what the server's cache has, if it is as new.
      if (course.need === "list") {
        forget(reading);
        trouble.found(
          "the server has forgotten the version, or the page, that a list was to go on from",
          AGAIN,
        );
      }
      course.need = "list";
      return backOff.next();
    case "tooLarge":
      forget(reading);
      trouble.found("the server came back older than what was read of it (a restored etcd?)", AGAIN);
      course.need = "list";
      return backOff.next();
    case "astray":
      course.need = "list";
      // Whether it has streaming lists a server may see only while it begins one: those of today, with an etcd that is too old.
      if (ask === "streaming list") {
        course.doubtful = true;
        return 0;
      }
      trouble.found(ending.found, ending.next);
      return backOff.next();
    case "refused":
      return afterRefusal(course, reading, ask, ending);
    default:
      return unreachable(ending);
  }
}
