import { setImmediate } from "node:timers/promises";
import type { Dataplane, Settled } from "../dataplane/dataplane.ts";
import type { EndpointId } from "../model/endpoint.ts";
import type { Ruleset } from "../model/ruleset.ts";
import type { Update } from "../model/update.ts";
import type { Compiler } from "../policy/compiler.ts";
import { createIntake, type IntakeOptions } from "./intake.ts";

/** One call of the dataplane and what it was for. */
export interface Pass {
  readonly settled: Settled;
  /** When the oldest change that it carried was first seen, in milliseconds of performance.now(). */
  readonly noticedAt: number | undefined;
  /** Endpoints of this node that may be others in force than before: none while passes fail. */
  readonly endpoints: ReadonlySet<EndpointId>;
  /** Passes that failed in a row, this one included. */
  readonly failures: number;
  /** Until the next try on its own; undefined: none is needed. */
  readonly retryMilliseconds: number | undefined;
  /** None worked before it: it carries what was noticed while the datastore was read for the first time. */
  readonly first: boolean;
}

export interface SettlerOptions {
  readonly compiler: Compiler;
  readonly dataplane: Dataplane;
  readonly passBegins: () => void;
  readonly passEnds: (pass: Pass) => void;
  /** The dataplane threw, which it never should: nothing is tried after it. */
  readonly crashed: (error: unknown) => void;
  /** Milliseconds after so many failures in a row. */
  readonly delay?: (failures: number) => number;
  /** How updates are applied, for tests. */
  readonly slices?: Partial<Omit<IntakeOptions, "apply">>;
}

export interface Settler {
  /** Queues updates that belong together: no pass begins between them. */
  take(updates: readonly Update[], noticedAt: number): void;
  /** Everything is known: from now on the kernel follows. Ends when all that was taken before is applied, or never. */
  open(): Promise<void>;
  /** Undefined: a change is half in it at this moment, and the next pass tells more. */
  readonly ruleset: Ruleset | undefined;
  /** One more pass: at once, right after the present one, or, where that failed, a second later at most. */
  again(): void;
  /**
   * What became of the first pass that carries all that was taken so far, the last one's outcome if that was it. Before it is
   * opened, and once it has stopped, that may be never.
   */
  carried(): Promise<Settled>;
  /** No pass begins any more. Ends with the present one, or after `milliseconds`. */
  stop(milliseconds: number): Promise<void>;
}

const FIRST_DELAY = 100;
const LONGEST_DELAY = 30_000;
/** Of a change that comes while the kernel refuses everything: somebody may wait for it, and a flood must not be a flood of passes. */
const NEWS_DELAY = 1_000;

function earlier(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

function jittered(longest: number, random: () => number = Math.random): number {
  return longest / 2 + (random() * longest) / 2;
}

/** Doubles up to half a minute; the jitter keeps many nodes from failing in step. */
export function backOff(failures: number, random: () => number = Math.random): number {
  return jittered(Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** (failures - 1)), random);
}

/** Somebody who wants to hear of a pass that carries so many groups of updates. */
interface Waiter {
  readonly groups: number;
  readonly tell: (settled: Settled) => void;
}

/**
 * Keeps the kernel at the compiler's wish: at once when idle, else everything that gathered meanwhile in one next pass. While changes
 * come faster than they are applied, a pass begins 50 ms after the oldest that none carries, between two groups. No update is
 * applied while a pass reads the ruleset. After a failed pass updates are only applied until it is tried again.
 */
export function createSettler(options: SettlerOptions): Settler {
  const { compiler, dataplane, passBegins, passEnds, crashed, delay = backOff } = options;
  const intake = createIntake({ apply: (updates) => compiler.applyInSteps(updates), ...options.slices });
  const opening = Promise.withResolvers<void>();
  /** So many groups of updates the first pass carries; infinite until it is opened. */
  let least = Infinity;
  let stopped = false;
  let wanted = false;
  /** When the oldest change was noticed that failed passes carried. */
  let overdueSince: number | undefined;
  /** That no pass has brought into force yet. */
  let touched = new Set<EndpointId>();
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** Undefined: the last pass did not fail, or its time to be tried again has come. */
  let retryAt: number | undefined;
  let hasWorked = false;
  let working = false;
  let work: Promise<void> | undefined;
  let passing = false;
  let last: Settled | undefined;
  /** Who wants to hear of the pass that runs, and of a later one. */
  let riding: Waiter[] = [];
  let waiting: Waiter[] = [];

  function wakeIn(milliseconds: number): void {
    clearTimeout(timer);
    timer = setTimeout(() => {
      retryAt = undefined;
      again();
    }, milliseconds);
  }

  function retryIn(milliseconds: number): void {
    retryAt = performance.now() + milliseconds;
    wakeIn(milliseconds);
  }

  function retrySoon(): void {
    if (stopped || retryAt === undefined || retryAt <= performance.now() + NEWS_DELAY) return;
    retryIn(jittered(NEWS_DELAY));
  }

  function board(): void {
    riding = waiting.filter(({ groups }) => groups <= intake.applied);
    waiting = waiting.filter(({ groups }) => groups > intake.applied);
    passing = true;
  }

  async function pass(): Promise<void> {
    clearTimeout(timer);
    wanted = false;
    const noticedAt = earlier(overdueSince, intake.carry());
    const wish = compiler.takeTouched();
    touched = touched.union(wish.endpoints);
    dataplane.want(compiler.ruleset, wish);
    passBegins();
    board();
    const settled = await dataplane.settle();
    [passing, last] = [false, settled];
    for (const { tell } of riding) tell(settled);
    const hasFailed = settled.kind === "failed";
    failures = hasFailed ? failures + 1 : 0;
    overdueSince = hasFailed ? noticedAt : undefined;
    const longest = wanted ? jittered(NEWS_DELAY) : Infinity;
    const retryMilliseconds = hasFailed ? Math.min(longest, delay(failures)) : undefined;
    const endpoints = hasFailed ? new Set<EndpointId>() : touched;
    if (!hasFailed) touched = new Set();
    const first = !hasWorked;
    hasWorked ||= !hasFailed;
    const { graceEndsAt } = dataplane.status;
    if (stopped) return;
    if (retryMilliseconds !== undefined) retryIn(retryMilliseconds);
    else if (graceEndsAt !== undefined) wakeIn(Math.max(0, graceEndsAt - performance.now()) + 1);
    passEnds({ settled, noticedAt, endpoints, failures, retryMilliseconds, first });
  }

  function isBehind(): boolean {
    return intake.applied < intake.taken;
  }

  function isDue(): boolean {
    return !stopped && (isBehind() || (wanted && retryAt === undefined && intake.applied >= least));
  }

  async function run(): Promise<void> {
    working = true;
    try {
      while (isDue()) {
        if (intake.applySlice(retryAt === undefined ? least : Infinity) === "turnOver") {
          await setImmediate();
          continue;
        }
        if (retryAt !== undefined || intake.applied < least) continue;
        opening.resolve();
        await pass();
      }
    } catch (error) {
      stopped = true;
      crashed(error);
    } finally {
      // Here and not in a later turn: what is taken between the two would be left behind.
      working = false;
    }
  }

  function begin(): void {
    if (!working && !stopped) work = run();
  }

  function again(): void {
    wanted = true;
    retrySoon();
    begin();
  }

  return {
    take(updates, noticedAt) {
      if (updates.length === 0) return;
      intake.take(updates, noticedAt);
      again();
    },
    open() {
      least = Math.min(least, intake.taken);
      again();
      return opening.promise;
    },
    get ruleset() {
      return intake.whole ? compiler.ruleset : undefined;
    },
    again,
    carried() {
      const isNews = wanted || isBehind();
      if (!isNews && !passing && last !== undefined && last.kind !== "failed") return Promise.resolve(last);
      const { promise, resolve } = Promise.withResolvers<Settled>();
      (isNews || !passing ? waiting : riding).push({ groups: intake.taken, tell: resolve });
      return promise;
    },
    async stop(milliseconds) {
      stopped = true;
      clearTimeout(timer);
      const { promise: deadline, resolve } = Promise.withResolvers<void>();
      const limit = setTimeout(resolve, milliseconds);
      await Promise.race([work, deadline]);
      clearTimeout(limit);
    },
  };
}
