import { expect, test } from "bun:test";
import { plainClient } from "../../../test/api-server/plain-client.ts";
import { REAL_PACE } from "./pace.ts";
import { afterwards, type Ask, type Course, createCourse, listed } from "./next-request.ts";
import type { Ending } from "./ending.ts";
import type { Reading } from "./reading-state.ts";
import { traitsOf } from "./server-traits.ts";

function reading(random: number): Reading<unknown> {
  const client = plainClient("http://server");
  return {
    client,
    resource: { name: "pods", path: "/api/v1/pods", apiVersion: "v1", kind: "Pod" },
    read: (object) => object,
    pace: { ...REAL_PACE, random: () => random },
    stopping: new AbortController().signal,
    traits: traitsOf(client),
    version: "7",
    forgotten: "no",
    listedOnce: true,
  };
}

function watching(of: Reading<unknown>): Course {
  const course = createCourse(of);
  listed(course, of);
  return course;
}

function refused(code: number, retryAfterSeconds?: number): Ending {
  const status = { code, reason: "", message: "", found: `it said ${code}`, next: "wait" };
  return {
    kind: "refused",
    status: retryAfterSeconds === undefined ? status : { ...status, retryAfterSeconds },
  };
}

const LOST: Ending = { kind: "disconnected", found: "gone", next: "wait" };
const after = (course: Course, of: Reading<unknown>, ask: Ask, ending: Ending, lived = 0): number =>
  afterwards(course, of, { ask, ending, lived });

test("a lost watch is followed by a check, after waits that grow until a watch has lived", () => {
  const of = reading(1);
  const course = watching(of);
  expect([1, 2, 3].map(() => after(course, of, "watch", LOST))).toEqual([1000, 2000, 4000]);
  expect(course).toMatchObject({ need: "check", disconnected: true });
  after(course, of, "check", { kind: "current" });
  expect(course.need).toBe("watch");
  expect(after(course, of, "watch", LOST, 9999)).toBe(8000);
  expect(after(course, of, "watch", LOST, 10_000)).toBe(1000);
});

test("a watch that lived long clears what was before: its next list waits for nobody", () => {
  const of = reading(1);
  const course = watching(of);
  after(course, of, "watch", LOST);
  after(course, of, "watch", { kind: "expired" }, 10_000);
  expect(course).toMatchObject({ need: "list", disconnected: false });
});

test("a watch's clean end is no failure, unless it was short", () => {
  const of = reading(1);
  const course = watching(of);
  const ended = (told: boolean): Ending => ({ kind: "ended", told, early: false });
  expect(after(course, of, "watch", ended(false), 1000)).toBe(0);
  expect(after(course, of, "watch", ended(true), 10)).toBe(1000);
  expect(after(course, of, "watch", ended(true), 10)).toBe(1000);
  expect(after(course, of, "watch", ended(false), 10)).toBe(1000);
  expect(after(course, of, "watch", ended(false), 10)).toBe(2000);
  expect(course.need).toBe("watch");
});

test("a watch that ended before its time is followed by a check, a list by a list", () => {
  const of = reading(1);
  const course = watching(of);
  const early: Ending = { kind: "ended", told: true, early: true };
  expect(after(course, of, "watch", early, 1000)).toBe(0);
  expect(course.need).toBe("check");
  after(course, of, "check", early);
  expect(course.need).toBe("check");
  course.need = "list";
  after(course, of, "streaming list", early);
  expect(course.need).toBe("list");
});

test("Retry-After comes first, then the jitter, and five minutes are the most", () => {
  const of = reading(0.5);
  const course = watching(of);
  expect(after(course, of, "watch", refused(429, 7))).toBe(7500);
  expect(after(course, of, "watch", refused(503, 86_400))).toBe(301_000);
  expect(course).toMatchObject({ need: "watch", disconnected: true });
});

test("an account that may watch and not list goes on watching", () => {
  const of = reading(0);
  const course = watching(of);
  after(course, of, "watch", LOST);
  after(course, of, "check", refused(403));
  expect(course.need).toBe("watch");
  after(course, of, "watch", LOST);
  after(course, of, "check", refused(500));
  expect(course.need).toBe("check");
});

test("whoever was refused checks the version once it is let in: the server may have been empty, and be older", () => {
  const of = reading(0);
  const course = watching(of);
  for (const code of [401, 403]) {
    course.need = "watch";
    after(course, of, "watch", refused(code));
    expect(course).toMatchObject({ need: "check" });
  }
  after(course, of, "check", refused(401));
  expect(course).toMatchObject({ need: "check" });
});

test("a watch or a check whose query is refused leads to a list, after a wait that grows", () => {
  const of = reading(1);
  const course = watching(of);
  expect(after(course, of, "watch", refused(400))).toBe(1000);
  expect(course.need).toBe("list");
  expect(course.trouble.news()[0]).toMatchObject({ kind: "trouble", because: "it said 400" });
  listed(course, of);
  course.need = "check";
  expect(after(course, of, "check", refused(400))).toBe(2000);
  expect(course).toMatchObject({ need: "list" });
});

test("versions are forgotten when a list is too old, or the server older than ours", () => {
  const of = reading(0);
  const course = watching(of);
  after(course, of, "watch", { kind: "expired" });
  expect(of).toMatchObject({ version: "7", forgotten: "no" });
  after(course, of, "streaming list", { kind: "expired" });
  expect(of).toMatchObject({ version: undefined, forgotten: "version" });
  expect(course.trouble.news()[0]).toMatchObject({ kind: "trouble" });
  listed(course, of);
  expect(of.forgotten).toBe("no");
  of.version = "9";
  after(course, of, "watch", { kind: "tooLarge" });
  expect(of).toMatchObject({ version: undefined, forgotten: "version" });
});

test("trouble is told once for each reason, with the time of the first", () => {
  const of = reading(0);
  const { trouble } = watching(of);
  trouble.found("gone", "wait");
  const [first] = trouble.news();
  trouble.found("gone", "wait");
  expect(trouble.news()).toEqual([]);
  trouble.found("frozen", "wait");
  expect(trouble.news()).toEqual([{ ...first, because: "frozen" } as never]);
  trouble.over();
  expect(trouble.news()).toEqual([{ kind: "well" }]);
  trouble.over();
  expect(trouble.news()).toEqual([]);
});
