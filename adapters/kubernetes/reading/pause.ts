/** Resolves after so many milliseconds, or at once when `stopping` fires. */
export function pause(milliseconds: number, stopping: AbortSignal): Promise<void> {
  if (stopping.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      stopping.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    stopping.addEventListener("abort", end);
  });
}

/** Called between small pieces of work, it lets the event loop run whenever `step` ms have passed since it last did. */
export interface Turns {
  /** Whether the step is used up. */
  readonly over: boolean;
  next(): Promise<void>;
}

export function createTurns(step: number): Turns {
  let since = performance.now();
  return {
    get over() {
      return performance.now() - since >= step;
    },
    async next() {
      await new Promise<void>((resolve) => setImmediate(resolve));
      since = performance.now();
    },
  };
}
