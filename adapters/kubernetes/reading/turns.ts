/** Called between small pieces of work, it lets the event loop run whenever `step` ms of the present turn are used up. */
export interface Turns {
  /** Whether this turn's time is used up, by whomever. */
  readonly over: boolean;
  /** The next turn that belongs to the caller. */
  next(): Promise<void>;
}

/** When the work of this turn of the event loop began, in milliseconds of performance.now(); undefined: it has not. */
let beganAt: number | undefined;
let scheduled = false;
/** Each has a turn for himself, in this order: whoever has much to do holds up nobody else. */
const waiting: (() => void)[] = [];

function schedule(): void {
  if (scheduled) return;
  scheduled = true;
  setImmediate(() => {
    scheduled = false;
    beganAt = undefined;
    waiting.shift()?.();
    if (waiting.length > 0) schedule();
  });
}

/**
 * There is one event loop: all who read share its turns, and three lists at once block it no longer than one. What comes while nobody
 * works goes through at once.
 */
export function createTurns(step: number): Turns {
  return {
    get over() {
      if (beganAt === undefined) {
        beganAt = performance.now();
        schedule();
      }
      return performance.now() - beganAt >= step;
    },
    next() {
      return new Promise((resolve) => {
        waiting.push(resolve);
        schedule();
      });
    },
  };
}
