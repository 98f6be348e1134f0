/** A moment after which nobody waits any longer. */
export interface Deadline extends Disposable {
  readonly over: boolean;
  /** What the promise gives; undefined once the moment has come, whatever it gives then. */
  within<T>(promise: Promise<T>): Promise<T | undefined>;
}

export interface DeadlineOptions {
  /** From now on. */
  readonly milliseconds: number;
  /** The moment comes with this signal, too. */
  readonly signal?: AbortSignal;
}

export function startDeadline({ milliseconds, signal }: DeadlineOptions): Deadline {
  const { promise: moment, resolve } = Promise.withResolvers<undefined>();
  let over = false;
  const come = (): void => {
    over = true;
    resolve(undefined);
  };
  const timer = setTimeout(come, Math.max(0, milliseconds));
  signal?.addEventListener("abort", come, { once: true });
  if (signal?.aborted === true) come();
  return {
    get over() {
      return over;
    },
    within: (promise) => Promise.race([promise, moment]),
    [Symbol.dispose]() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", come);
    },
  };
}
