import { setImmediate } from "node:timers/promises";
import type { Dataplane, Settled } from "../dataplane/dataplane.ts";
import type { EndpointId } from "../model/endpoint.ts";
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
  /** One more pass, at once or right after the present one. */
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

/** Doubles up to half a minute; the jitter keeps many nodes from failing in step. */
export function backOff(failures: number, random: () => number = Math.random): number {
  const longest = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** (failures - 1));
  return longest / 2 + (random() * longest) / 2;
}

/**
 * Keeps the kernel at the compiler's wish: at once when idle, else everything that gathered meanwhile in one next pass.
 * A pass begins only when all that was taken is applied; no update is applied while a pass reads the ruleset.
 */
export function createSettler(options: SettlerOptions): Settler {
  const { compiler, dataplane, passBegins, passEnds, crashed, delay = backOff } = options;
  const intake = createIntake({ apply: (updates) => compiler.apply(updates), ...options.slices });
  const opening = Promise.withResolvers<void>();
  let opened = false;
  let stopped = false;
  let wanted = false;
  let noticedAt: number | undefined;
  /** That no pass has brought into force yet. */
  let touched = new Set<EndpointId>();
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let working = false;
  let work: Promise<void> | undefined;
  let passing = false;
  let last: Settled | undefined;
  /** Who wants to hear of the pass that runs, and of the next one. */
  let riding: ((settled: Settled) => void)[] = [];
  let waiting: ((settled: Settled) => void)[] = [];

  function wakeIn(milliseconds: number): void {
    clearTimeout(timer);
    timer = setTimeout(again, milliseconds);
  }

  async function pass(): Promise<void> {
    clearTimeout(timer);
    wanted = false;
    const carries = noticedAt;
    noticedAt = undefined;
    const wish = compiler.takeTouched();
    touched = touched.union(wish.endpoints);
    dataplane.want(compiler.ruleset, wish);
    passBegins();
    [riding, waiting, passing] = [waiting, [], true];
    const settled = await dataplane.settle();
    [passing, last] = [false, settled];
    for (const tell of riding) tell(settled);
    failures = settled.kind === "failed" ? failures + 1 : 0;
    if (failures > 0) noticedAt = carries ?? noticedAt;
    const retryMilliseconds = failures > 0 ? delay(failures) : undefined;
    const endpoints = failures > 0 ? new Set<EndpointId>() : touched;
    if (failures === 0) touched = new Set();
    const { graceEndsAt } = dataplane.status;
    if (stopped) return;
    if (retryMilliseconds !== undefined) wakeIn(retryMilliseconds);
    else if (graceEndsAt !== undefined) wakeIn(Math.max(0, graceEndsAt - performance.now()) + 1);
    passEnds({ settled, noticedAt: carries, endpoints, failures, retryMilliseconds });
  }

  function due(): boolean {
    return !stopped && (!intake.empty || (opened && wanted));
  }

  async function run(): Promise<void> {
    working = true;
    try {
      while (due()) {
        if (!intake.applySlice()) {
          await setImmediate();
          continue;
        }
        if (!opened) continue;
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
    begin();
  }

  return {
    take(updates, at) {
      noticedAt ??= at;
      intake.take(updates);
      again();
    },
    open() {
      opened = true;
      again();
      return opening.promise;
    },
    again,
    carried() {
      const isNews = wanted || !intake.empty;
      if (!isNews && !passing && last !== undefined && last.kind !== "failed") return Promise.resolve(last);
      const { promise, resolve } = Promise.withResolvers<Settled>();
      (isNews || !passing ? waiting : riding).push(resolve);
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
