import type { Update } from "../model/update.ts";

export interface IntakeOptions {
  readonly apply: (updates: readonly Update[]) => void;
  /** Most that is applied in one call: between two calls the clock is looked at. */
  readonly mostUpdates?: number;
  /** What one turn of the event loop may take. */
  readonly milliseconds?: number;
  readonly now?: () => number;
}

/** Updates on their way into the compiler, which takes them in slices, so that health and sockets get their turns. */
export interface Intake {
  /** Only queues. */
  take(updates: readonly Update[]): void;
  /** Applies until nothing is left, or this turn of the event loop has had its share; says whether nothing is left. */
  applySlice(): boolean;
  readonly empty: boolean;
}

export function createIntake(options: IntakeOptions): Intake {
  const { apply, mostUpdates = 50, milliseconds = 5, now = () => performance.now() } = options;
  let queue: Update[] = [];
  let head = 0;
  let turnBeganAt: number | undefined;

  // Many events may come in one turn, each by a microtask: together they get one share, not one each.
  function turnBegan(): number {
    if (turnBeganAt === undefined) {
      turnBeganAt = now();
      setImmediate(() => (turnBeganAt = undefined));
    }
    return turnBeganAt;
  }

  return {
    take(updates) {
      for (const update of updates) queue.push(update);
    },
    applySlice() {
      while (head < queue.length) {
        if (now() - turnBegan() >= milliseconds) return false;
        const slice = queue.slice(head, head + mostUpdates);
        head += slice.length;
        apply(slice);
      }
      queue = [];
      head = 0;
      return true;
    },
    get empty() {
      return head === queue.length;
    },
  };
}
