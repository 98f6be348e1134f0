export interface LoopDelay extends Disposable {
  /** The longest of the last one to two minutes. */
  longestSeconds(): number;
}

export interface LoopDelayOptions {
  readonly told: (seconds: number) => void;
  readonly everyMilliseconds?: number;
  readonly windowMilliseconds?: number;
  readonly now?: () => number;
}

/**
 * Looks again and again whether the event loop still turns: by how much a look is late, everything else was, too. Fifty looks a
 * second take half a percent of a CPU.
 */
export function watchLoopDelay(options: LoopDelayOptions): LoopDelay {
  const { told, everyMilliseconds = 20, windowMilliseconds = 60_000 } = options;
  const { now = () => performance.now() } = options;
  let due = now() + everyMilliseconds;
  let windowEndsAt = now() + windowMilliseconds;
  let [before, present] = [0, 0];
  let timer = setTimeout(look, everyMilliseconds);
  timer.unref();

  function look(): void {
    const time = now();
    const seconds = Math.max(0, time - due) / 1_000;
    if (time >= windowEndsAt) {
      [before, present] = [present, 0];
      windowEndsAt = time + windowMilliseconds;
    }
    present = Math.max(present, seconds);
    told(seconds);
    due = now() + everyMilliseconds;
    timer = setTimeout(look, everyMilliseconds);
    timer.unref();
  }

  return {
    longestSeconds: () => Math.max(before, present),
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}
