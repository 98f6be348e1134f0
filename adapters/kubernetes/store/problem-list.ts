import type { Problem } from "../../../model/problem.ts";

/** The problems of many objects in one order. A change costs what it changes: broken objects may be many, and change often. */
export interface ProblemList {
  /** Takes the problems of one object in the place of those that it had. */
  replace(before: readonly Problem[], after: readonly Problem[]): void;
  /** All there are, ordered by object; the same list while nothing about it has changed. */
  all(): readonly Problem[];
}

function compare(a: Problem, b: Problem): number {
  if (a.where !== b.where) return a.where < b.where ? -1 : 1;
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

function sameItems(a: readonly Problem[], b: readonly Problem[]): boolean {
  return a.length === b.length && a.every((problem, at) => problem === b[at]);
}

export function createProblemList(): ProblemList {
  const ordered: Problem[] = [];
  let told: readonly Problem[] = [];
  let changed = false;

  /** Where the first one stands that does not come before it. */
  function placeOf(problem: Problem): number {
    let low = 0;
    let high = ordered.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compare(ordered[middle]!, problem) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  return {
    replace(before, after) {
      for (const problem of before) {
        const at = ordered.indexOf(problem, placeOf(problem));
        if (at >= 0) ordered.splice(at, 1);
      }
      for (const problem of after) ordered.splice(placeOf(problem), 0, problem);
      changed ||= before.length + after.length > 0;
    },
    all() {
      if (changed && !sameItems(ordered, told)) told = [...ordered];
      changed = false;
      return told;
    },
  };
}
