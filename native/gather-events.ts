export interface GatherEventsOptions {
  /** Called some time after the first of several events; never inside `tell`. */
  readonly changed: () => void;
  /** From the first event to `changed`: what belongs together comes in many events. */
  readonly gatherMilliseconds: number;
  /** Between two calls of `changed`: whoever makes events all the time must not keep us busy. */
  readonly pauseMilliseconds: number;
}

/** Once it is disposed of, `changed` is not called any more. */
export interface GatheredEvents extends Disposable {
  /** Something happened. */
  tell(): void;
}

/** Makes one call of many events; no event is lost, for one that comes inside `changed` leads to another call. */
export function gatherEvents(options: GatherEventsOptions): GatheredEvents {
  const { changed, gatherMilliseconds, pauseMilliseconds } = options;
  let closed = false;
  let calledAt = -Infinity;
  let gathering: ReturnType<typeof setTimeout> | undefined;

  function call(): void {
    gathering = undefined;
    calledAt = performance.now();
    changed();
  }

  return {
    tell() {
      if (closed || gathering !== undefined) return;
      const sinceLast = performance.now() - calledAt;
      gathering = setTimeout(call, Math.max(gatherMilliseconds, pauseMilliseconds - sinceLast));
    },
    [Symbol.dispose]() {
      closed = true;
      clearTimeout(gathering);
    },
  };
}
