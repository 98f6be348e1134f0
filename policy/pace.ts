/** Counts what was done, for work that goes in steps; true: time for a pause. */
export type Pace = (items?: number) => boolean;

/** Of the cheap things that are counted, so many take a fraction of a millisecond. */
const ITEMS_PER_STEP = 200;

export function createPace(most: number = ITEMS_PER_STEP): Pace {
  let done = 0;
  return (items = 1) => {
    done += items;
    if (done < most) return false;
    done = 0;
    return true;
  };
}

/** All steps at once. */
export function finish<Result>(steps: Generator<void, Result>): Result {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}
