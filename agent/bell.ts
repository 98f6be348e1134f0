/** Wakes whoever waits for a change to look again. */
export interface Bell {
  ring(): void;
  /** Ends at the next ring, or when `signal` fires. */
  next(signal: AbortSignal): Promise<void>;
}

export function createBell(): Bell {
  const sleepers = new Set<() => void>();
  return {
    ring() {
      for (const wake of sleepers) wake();
    },
    next(signal) {
      const { promise, resolve } = Promise.withResolvers<void>();
      function wake(): void {
        signal.removeEventListener("abort", wake);
        sleepers.delete(wake);
        resolve();
      }
      if (signal.aborted) return Promise.resolve();
      sleepers.add(wake);
      signal.addEventListener("abort", wake);
      return promise;
    },
  };
}
