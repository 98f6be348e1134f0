import type { Log, LogFields } from "./log.ts";

/** What one pass, or several together, brought into force. */
export interface SettledPasses {
  readonly commands: number;
  readonly milliseconds: number;
  /** The longest wait of a change; undefined: no change asked for it. */
  readonly noticedToKernelMilliseconds: number | undefined;
  readonly rebuilt: boolean;
  readonly endpoints: number;
  readonly policies: number;
  /** Objects that the kernel refuses. */
  readonly refused: number;
}

export interface SettledLogOptions {
  readonly log: Log;
  readonly everyMilliseconds?: number;
}

/** Disposing writes what was gathered. */
export interface SettledLog extends Disposable {
  /** `atOnce`: it is an event of its own, and the next one is told at once, too. */
  take(passes: SettledPasses, atOnce: boolean): void;
}

interface Gathered {
  readonly passes: number;
  readonly sum: SettledPasses;
}

function tenths(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}

function added({ passes, sum }: Gathered, one: SettledPasses): Gathered {
  const waits = [sum, one].flatMap(({ noticedToKernelMilliseconds: wait }) =>
    wait === undefined ? [] : [wait],
  );
  return {
    passes: passes + 1,
    sum: {
      ...one,
      commands: sum.commands + one.commands,
      milliseconds: sum.milliseconds + one.milliseconds,
      noticedToKernelMilliseconds: waits.length === 0 ? undefined : Math.max(...waits),
    },
  };
}

function fields({ passes, sum }: Gathered): LogFields {
  const { commands, milliseconds, noticedToKernelMilliseconds, rebuilt, endpoints, policies, refused } = sum;
  return {
    commands,
    milliseconds: tenths(milliseconds),
    ...(noticedToKernelMilliseconds !== undefined && {
      noticedToKernelMilliseconds: tenths(noticedToKernelMilliseconds),
    }),
    rebuilt,
    endpoints,
    policies,
    passes,
    ...(refused > 0 && { refused }),
  };
}

/**
 * Says what came into force: a change after a quiet second at once, so that whoever made it sees it; what follows is gathered into
 * one line a second, for a node under load has a thousand passes in that time. Each pass has a line of its own at level debug.
 */
export function createSettledLog({ log, everyMilliseconds = 1_000 }: SettledLogOptions): SettledLog {
  let gathered: Gathered | undefined;
  let gathering: ReturnType<typeof setTimeout> | undefined;

  function write(what: Gathered): void {
    // What is refused has an error line of its own, when it is new.
    if (what.sum.refused === 0) log.write("info", "settled", fields(what));
    else log.write("warning", "settled, but for what the kernel refused", fields(what));
  }

  function flush(): boolean {
    const what = gathered;
    gathered = undefined;
    if (what !== undefined) write(what);
    return what !== undefined;
  }

  function gather(): void {
    gathering = setTimeout(() => {
      gathering = undefined;
      if (flush()) gather();
    }, everyMilliseconds);
    gathering.unref();
  }

  return {
    take(passes, atOnce) {
      const one = { passes: 1, sum: passes };
      if (atOnce) {
        flush();
        write(one);
      } else if (gathering === undefined) {
        write(one);
        gather();
      } else {
        log.write("debug", "settled, told with others", fields(one));
        gathered = gathered === undefined ? one : added(gathered, passes);
      }
    },
    [Symbol.dispose]() {
      clearTimeout(gathering);
      gathering = undefined;
      flush();
    },
  };
}
