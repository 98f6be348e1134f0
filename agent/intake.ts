import type { Update } from "../model/update.ts";

export interface IntakeOptions {
  /** Takes updates in; iterating does the work, in steps that are short beside `milliseconds`. */
  readonly apply: (updates: readonly Update[]) => Iterator<void>;
  /** Most that one call takes in, unless a single group has more. */
  readonly mostUpdates?: number;
  /** What one turn of the event loop may take. */
  readonly milliseconds?: number;
  /** From the taking of a change until it is due, though others wait behind it. */
  readonly dueMilliseconds?: number;
  readonly now?: () => number;
}

/** Updates that belong together, on their way. */
interface Group {
  readonly updates: readonly Update[];
  readonly takenAt: number;
  readonly noticedAt: number;
}

/**
 * Updates on their way into the compiler, which takes them in slices, so that health and sockets get their turns. What was taken
 * together is a group: `applySlice` says "done" only between two of them.
 */
export interface Intake {
  /** Only queues. */
  take(updates: readonly Update[], noticedAt: number): void;
  /**
   * Applies until nothing is left, or, once `least` groups are applied, until the oldest change is due that was not carried; or
   * until this turn of the event loop has had its share.
   */
  applySlice(least: number): "done" | "turnOver";
  /** Says when the oldest change was noticed that was applied since the last call; undefined: there was none. */
  carry(): number | undefined;
  /** Groups so far. */
  readonly taken: number;
  readonly applied: number;
  /** Whether no group is half applied. */
  readonly whole: boolean;
}

/** Emptied groups are cut off in one stroke when there are so many. */
const MOST_EMPTIED = 1_000;

export function createIntake(options: IntakeOptions): Intake {
  const { apply, mostUpdates = 50, milliseconds = 5, dueMilliseconds = 50 } = options;
  const { now = () => performance.now() } = options;
  let queue: Group[] = [];
  let head = 0;
  /** Updates of the first group that are in the compiler, or in the call that is under way. */
  let within = 0;
  let call: Iterator<void> | undefined;
  let [taken, applied] = [0, 0];
  let turnBeganAt: number | undefined;
  /** Of what was applied, wholly or in part, since the last `carry`. */
  let oldest: { readonly takenAt: number; readonly beganAt: number; noticedAt: number } | undefined;

  // Many events may come in one turn, each by a microtask: together they get one share, not one each.
  function turnBegan(): number {
    if (turnBeganAt === undefined) {
      turnBeganAt = now();
      setImmediate(() => (turnBeganAt = undefined));
    }
    return turnBeganAt;
  }

  function begin({ takenAt, noticedAt }: Group): void {
    oldest ??= { takenAt, beganAt: now(), noticedAt };
    oldest.noticedAt = Math.min(oldest.noticedAt, noticedAt);
  }

  function cutEmptied(): void {
    if (head < queue.length && head < MOST_EMPTIED) return;
    queue = queue.slice(head);
    head = 0;
  }

  /** Whole groups, as many as fit, or a part of one that is larger. */
  function nextCall(): readonly Update[] {
    const updates: Update[] = [];
    for (let group = queue[head]; group !== undefined; group = queue[head]) {
      const rest = group.updates.length - within;
      if (updates.length > 0 && updates.length + rest > mostUpdates) break;
      begin(group);
      if (rest > mostUpdates) {
        within += mostUpdates;
        return group.updates.slice(within - mostUpdates, within);
      }
      updates.push(...group.updates.slice(within));
      within = 0;
      head++;
    }
    return updates;
  }

  function whole(): boolean {
    return call === undefined && within === 0;
  }

  /** What was carried late gets its share first: a pass that takes long must not leave the next one nothing to carry. */
  function due(): boolean {
    if (oldest === undefined) return false;
    const time = now();
    return time - oldest.takenAt >= dueMilliseconds && time - oldest.beganAt >= milliseconds;
  }

  return {
    take(updates, noticedAt) {
      queue.push({ updates, takenAt: now(), noticedAt });
      taken++;
    },
    applySlice(least) {
      for (;;) {
        if (whole() && (applied === taken || (applied >= least && due()))) return "done";
        if (now() - turnBegan() >= milliseconds) return "turnOver";
        call ??= apply(nextCall());
        if (call.next().done !== true) continue;
        call = undefined;
        applied = taken - (queue.length - head);
        cutEmptied();
      }
    },
    carry() {
      const noticedAt = oldest?.noticedAt;
      oldest = undefined;
      return noticedAt;
    },
    get taken() {
      return taken;
    },
    get applied() {
      return applied;
    },
    get whole() {
      return whole();
    },
  };
}
