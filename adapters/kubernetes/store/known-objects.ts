/**
 * Values by key, each marked or not. Marks are where a value is kept, not what is kept beside it: whoever wants to know at the
 * end of a round what was not marked in it looks at nothing else, however many there are.
 */
export interface KnownObjects<Known> {
  readonly size: number;
  get(key: string): Known | undefined;
  /** In its place; what is new is marked. */
  set(key: string, known: Known): void;
  delete(key: string): void;
  entries(): IterableIterator<[string, Known]>;
  /** From now on nothing is marked. */
  beginRound(): void;
  mark(key: string): void;
  unmark(key: string): void;
  /** Whether it is there and not marked. */
  isUnmarked(key: string): boolean;
  unmarked(): IterableIterator<string>;
}

export function createKnownObjects<Known>(): KnownObjects<Known> {
  let marked = new Map<string, Known>();
  let unmarked = new Map<string, Known>();

  function move(key: string, from: Map<string, Known>, to: Map<string, Known>): void {
    const known = from.get(key);
    if (known === undefined) return;
    from.delete(key);
    to.set(key, known);
  }

  return {
    get size() {
      return marked.size + unmarked.size;
    },
    get: (key) => marked.get(key) ?? unmarked.get(key),
    set(key, known) {
      (unmarked.has(key) ? unmarked : marked).set(key, known);
    },
    delete(key) {
      if (!marked.delete(key)) unmarked.delete(key);
    },
    *entries() {
      yield* marked;
      yield* unmarked;
    },
    beginRound() {
      // Of a round that was not finished both halves hold something.
      const [small, large] = marked.size < unmarked.size ? [marked, unmarked] : [unmarked, marked];
      for (const [key, known] of small) large.set(key, known);
      [unmarked, marked] = [large, new Map()];
    },
    mark: (key) => move(key, unmarked, marked),
    unmark: (key) => move(key, marked, unmarked),
    isUnmarked: (key) => unmarked.has(key),
    unmarked: () => unmarked.keys(),
  };
}
