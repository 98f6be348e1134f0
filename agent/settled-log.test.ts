import { expect, test } from "bun:test";
import type { Log } from "./log.ts";
import { createSettledLog, type SettledPasses } from "./settled-log.ts";
import { until } from "./test-parts.ts";

const PASS: SettledPasses = {
  commands: 1,
  milliseconds: 2,
  noticedToKernelMilliseconds: 3,
  rebuilt: false,
  endpoints: 4,
  policies: 5,
  refused: 0,
};
/** Longer than any test. */
const EVER = 3_600_000;

type Line = Record<string, unknown>;

/** A log that keeps its lines, and of those above debug how many passes each tells. */
function keptLog(): { readonly log: Log; readonly lines: Line[]; readonly told: () => unknown[] } {
  const lines: Line[] = [];
  const told = (): unknown[] => lines.flatMap(({ level, passes }) => (level === "debug" ? [] : [passes]));
  const write: Log["write"] = (level, message, fields) => void lines.push({ level, message, ...fields });
  return { log: { write, flush: async () => {} }, lines, told };
}

test("the first rules and the change after them are told at once, what follows in one line with the longest wait", () => {
  const { log, lines, told } = keptLog();
  {
    using settledLog = createSettledLog({ log, everyMilliseconds: EVER });
    settledLog.take(PASS, true);
    settledLog.take(PASS, false);
    expect(told()).toEqual([1, 1]);
    settledLog.take({ ...PASS, noticedToKernelMilliseconds: 70.04 }, false);
    settledLog.take({ ...PASS, noticedToKernelMilliseconds: undefined, endpoints: 6 }, false);
    for (let more = 0; more < 100; more++) settledLog.take({ ...PASS, endpoints: 7 }, false);
    expect(told()).toEqual([1, 1]);
  }
  expect(told()).toEqual([1, 1, 102]);
  expect(lines.at(-1)).toMatchObject({
    level: "info",
    message: "settled",
    commands: 102,
    milliseconds: 204,
    noticedToKernelMilliseconds: 70,
    endpoints: 7,
  });
  expect(lines.filter(({ level }) => level === "debug")).toHaveLength(102);
});

test("a rebuilt table is told at once, after what came before it", () => {
  const { log, lines, told } = keptLog();
  using settledLog = createSettledLog({ log, everyMilliseconds: EVER });
  for (let pass = 0; pass < 3; pass++) settledLog.take(PASS, false);
  settledLog.take({ ...PASS, rebuilt: true }, true);
  expect(told()).toEqual([1, 2, 1]);
  expect(lines.at(-1)).toMatchObject({ rebuilt: true });
});

test("the last change is told though none follows, and after a quiet while the next one at once again", async () => {
  const { log, told } = keptLog();
  using settledLog = createSettledLog({ log, everyMilliseconds: 5 });
  settledLog.take(PASS, false);
  settledLog.take(PASS, false);
  settledLog.take(PASS, false);
  await until(() => told().length === 2);
  expect(told()).toEqual([1, 2]);
  while (told().at(-1) !== 1) {
    await Bun.sleep(10);
    settledLog.take(PASS, false);
  }
});

test("nothing is lost between the lines", async () => {
  const { log, told } = keptLog();
  const passes = 500;
  {
    using settledLog = createSettledLog({ log, everyMilliseconds: 1 });
    for (let pass = 0; pass < passes; pass++) {
      settledLog.take(PASS, false);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  expect(
    told()
      .map(Number)
      .reduce((sum, one) => sum + one, 0),
  ).toBe(passes);
});
