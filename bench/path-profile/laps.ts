/** Cuts the time of one piece of work after another into steps. */
export interface Laps {
  /** A piece of work begins. */
  begin(): void;
  /** What has passed since the last call was this step. */
  lap(step: string): void;
  /** The piece of work is over; `counts`: whether its steps are kept. */
  end(counts: boolean): void;
  /** Seconds of each step, one value for each piece of work that had it. */
  readonly samples: ReadonlyMap<string, readonly number[]>;
}

export function createLaps(now: () => number = Bun.nanoseconds): Laps {
  const samples = new Map<string, number[]>();
  let steps = new Map<string, number>();
  let last = 0;
  return {
    samples,
    begin() {
      steps = new Map();
      last = now();
    },
    lap(step) {
      steps.set(step, (steps.get(step) ?? 0) + now() - last);
      // Read anew: what the book-keeping here takes is nobody's step.
      last = now();
    },
    end(counts) {
      if (!counts) return;
      for (const [step, nanoseconds] of steps) {
        const kept = samples.get(step);
        if (kept === undefined) samples.set(step, [nanoseconds / 1e9]);
        else kept.push(nanoseconds / 1e9);
      }
    },
  };
}
