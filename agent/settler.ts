import type { Dataplane, Settled } from "../dataplane/dataplane.ts";
import type { Update } from "../model/update.ts";
import type { Compiler } from "../policy/compiler.ts";

/** One call of the dataplane and what it was for. */
export interface Pass {
  readonly settled: Settled;
  /** When the oldest change that it carried was first seen, in milliseconds of performance.now(). */
  readonly noticedAt: number | undefined;
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
}

export interface Settler {
  /** Takes updates in; while a pass runs they wait, for the dataplane is reading the ruleset. */
  take(updates: readonly Update[], noticedAt: number): void;
  /** Everything is known: from now on the kernel follows. */
  open(): void;
  /** One more pass, at once or right after the present one. */
  again(): void;
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

/** Keeps the kernel at the compiler's wish: at once when idle, else everything that gathered meanwhile in one next pass. */
export function createSettler(options: SettlerOptions): Settler {
  const { compiler, dataplane, passBegins, passEnds, crashed, delay = backOff } = options;
  let opened = false;
  let stopped = false;
  let wanted = false;
  let gathered: Update[] = [];
  let noticedAt: number | undefined;
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: Promise<void> | undefined;

  function wakeIn(milliseconds: number): void {
    clearTimeout(timer);
    timer = setTimeout(again, milliseconds);
  }

  async function pass(): Promise<void> {
    clearTimeout(timer);
    wanted = false;
    const carries = noticedAt;
    noticedAt = undefined;
    if (gathered.length > 0) compiler.apply(gathered);
    gathered = [];
    dataplane.want(compiler.ruleset, compiler.takeTouched());
    passBegins();
    const settled = await dataplane.settle();
    failures = settled.kind === "failed" ? failures + 1 : 0;
    if (failures > 0) noticedAt = carries ?? noticedAt;
    const retryMilliseconds = failures > 0 ? delay(failures) : undefined;
    const { graceEndsAt } = dataplane.status;
    if (stopped) return;
    if (retryMilliseconds !== undefined) wakeIn(retryMilliseconds);
    else if (graceEndsAt !== undefined) wakeIn(Math.max(0, graceEndsAt - performance.now()) + 1);
    passEnds({ settled, noticedAt: carries, failures, retryMilliseconds });
  }

  async function run(): Promise<void> {
    try {
      // Passes change both.
      // oxlint-disable-next-line no-unmodified-loop-condition
      while (wanted && !stopped) await pass();
    } catch (error) {
      stopped = true;
      crashed(error);
    } finally {
      running = undefined;
    }
  }

  function again(): void {
    wanted = true;
    if (opened && !stopped) running ??= run();
  }

  return {
    take(updates, at) {
      noticedAt ??= at;
      if (running === undefined) compiler.apply(updates);
      else gathered.push(...updates);
      again();
    },
    open() {
      opened = true;
      again();
    },
    again,
    async stop(milliseconds) {
      stopped = true;
      clearTimeout(timer);
      const { promise: deadline, resolve } = Promise.withResolvers<void>();
      const limit = setTimeout(resolve, milliseconds);
      await Promise.race([running, deadline]);
      clearTimeout(limit);
    },
  };
}
