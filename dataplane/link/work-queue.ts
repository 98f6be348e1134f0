import { setImmediate } from "node:timers/promises";

export interface WorkQueueOptions<Key> {
  /** One piece of work, short. */
  readonly work: (key: Key) => void;
  /** Nothing is left to do. */
  readonly idle: () => void;
  /** Then the event loop has a turn. */
  readonly turnMilliseconds?: number;
}

/** Pieces of work that are done soon, in their order; what is named twice meanwhile is done once. */
export interface WorkQueue<Key> extends Disposable {
  add(keys: Iterable<Key>): void;
  /** Ends when nothing is left to do, also where there was nothing. */
  settled(): Promise<void>;
}

export function createWorkQueue<Key>(options: WorkQueueOptions<Key>): WorkQueue<Key> {
  const { work, idle, turnMilliseconds = 5 } = options;
  const waiting = new Set<Key>();
  let working: Promise<void> | undefined;
  let closed = false;

  function turn(): void {
    const began = performance.now();
    for (const key of waiting) {
      waiting.delete(key);
      work(key);
      if (performance.now() - began >= turnMilliseconds) return;
    }
  }

  async function run(): Promise<void> {
    try {
      while (waiting.size > 0) {
        await setImmediate();
        if (closed) return;
        turn();
        if (waiting.size === 0) idle();
      }
    } finally {
      working = undefined;
    }
  }

  return {
    add(keys) {
      for (const key of keys) waiting.add(key);
      if (waiting.size > 0 && !closed) working ??= run();
    },
    settled: () => working ?? Promise.resolve(),
    [Symbol.dispose]() {
      closed = true;
      waiting.clear();
    },
  };
}
