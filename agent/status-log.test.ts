import { expect, test } from "bun:test";
import type { DatastoreStatus } from "../adapters/datastore.ts";
import { createStatusLog, type StatusLog } from "./status-log.ts";
import { collectedLog, until } from "./test-parts.ts";

const SINCE = new Date(0);
/** Longer than any test. */
const NEVER = 3_600_000;

const waiting = (what: string, ...causes: string[]): DatastoreStatus => {
  return { kind: "waiting", for: what, next: "wait", causes };
};
const stale = (because: string, ...causes: string[]): DatastoreStatus => {
  return { kind: "stale", since: SINCE, because, next: "mend it", causes };
};
const CONNECTED: DatastoreStatus = { kind: "connected" };

interface Started {
  readonly statusLog: StatusLog;
  /** `LEVEL MESSAGE: WORDS` of each line that was written by now. */
  readonly lines: () => string[];
  readonly allLines: () => Promise<string[]>;
}

function start(gatherMilliseconds = NEVER): Started {
  const { log, text } = collectedLog();
  const lines = (): string[] =>
    text()
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => {
        const { level, message, ...fields } = JSON.parse(line) as Record<string, string>;
        const words = fields["for"] ?? fields["because"];
        return `${level} ${message}${words === undefined ? "" : `: ${words}`}`;
      });
  const allLines = async (): Promise<string[]> => {
    await log.flush(NEVER);
    return lines();
  };
  return { statusLog: createStatusLog({ log, gatherMilliseconds }), lines, allLines };
}

function logged(...statuses: readonly DatastoreStatus[]): Promise<string[]> {
  const { statusLog, allLines } = start();
  for (const status of statuses) statusLog.take(status);
  statusLog[Symbol.dispose]();
  return allLines();
}

test("a first reading that takes its time is told once, and is no warning", async () => {
  expect(await logged(waiting("pods, nodes"), waiting("pods"), CONNECTED)).toEqual([
    "info datastore waits: pods, nodes",
    "info datastore connected",
  ]);
});

test("an outage that breaks one watch after the other is one line that names all", async () => {
  const outage = ["pods", "pods, nodes", "pods, nodes, namespaces"].map((names) =>
    stale(`${names}: refused`, "refused"),
  );
  expect(await logged(CONNECTED, ...outage)).toEqual([
    "info datastore connected",
    "warning datastore stale: pods, nodes, namespaces: refused",
  ]);
});

test("watches that come back one after the other are told when the last one is back", async () => {
  const mending = [stale("pods, nodes: refused", "refused"), stale("nodes: refused", "refused"), CONNECTED];
  expect(await logged(...mending)).toHaveLength(2);
});

test("what is gathered is told in time; a cause is told once until it is over, another one too", async () => {
  const { statusLog, lines } = start(1);
  using _closing = statusLog;
  statusLog.take(stale("pods: refused", "refused"));
  await until(() => lines().length === 1);
  statusLog.take(stale("pods, nodes: refused", "refused"));
  statusLog.take(stale("pods: refused; nodes: forbidden", "refused", "forbidden"));
  await until(() => lines().length === 2);
  statusLog.take(CONNECTED);
  statusLog.take(stale("pods: refused", "refused"));
  await until(() => lines().length === 4);
  expect(lines()).toEqual([
    "warning datastore stale: pods: refused",
    "warning datastore stale: pods: refused; nodes: forbidden",
    "info datastore connected",
    "warning datastore stale: pods: refused",
  ]);
});

test("trouble before the first reading is a warning", async () => {
  const trouble = [waiting("pods (forbidden)", "forbidden"), waiting("pods, nodes (forbidden)", "forbidden")];
  expect(await logged(waiting("pods, nodes"), ...trouble)).toEqual([
    "info datastore waits: pods, nodes",
    "warning datastore waits: pods, nodes (forbidden)",
  ]);
});

test("a status without causes is told as it comes", async () => {
  const directory = (found: string): DatastoreStatus => {
    return { kind: "waiting", for: `the directory (${found})`, next: "create it" };
  };
  const { statusLog, allLines } = start();
  statusLog.take(directory("missing"));
  statusLog.take(directory("unreadable"));
  expect(await allLines()).toEqual([
    "warning datastore waits: the directory (missing)",
    "warning datastore waits: the directory (unreadable)",
  ]);
});

test("causes whose words never end are not all remembered", async () => {
  const numbered = Array.from({ length: 200 }, (_, attempt) => `attempt ${attempt}`);
  const { statusLog, lines, allLines } = start(0);
  for (const cause of [...numbered, "attempt 0"]) {
    const before = lines().length;
    statusLog.take(stale(cause, cause));
    await until(() => lines().length > before);
  }
  expect(await allLines()).toHaveLength(201);
});
