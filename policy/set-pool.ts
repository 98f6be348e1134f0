/** Gives equal sets out as one: of the many endpoints of a cluster most are selected by the same few selectors. */
export interface SetPool<Item> {
  /** The one set of these different items. Every take is paid back by one release. */
  take(items: readonly Item[]): ReadonlySet<Item>;
  release(set: ReadonlySet<Item>): void;
}

interface Pooled<Item> {
  readonly set: ReadonlySet<Item>;
  readonly key: string;
  uses: number;
}

export function createSetPool<Item extends object>(): SetPool<Item> {
  const numbers = new WeakMap<Item, number>();
  const byKey = new Map<string, Pooled<Item>>();
  const bySet = new WeakMap<ReadonlySet<Item>, Pooled<Item>>();
  let last = 0;

  function numberOf(item: Item): number {
    const known = numbers.get(item) ?? ++last;
    numbers.set(item, known);
    return known;
  }

  return {
    take(items) {
      const key = items
        .map(numberOf)
        .toSorted((a, b) => a - b)
        .join(" ");
      const pooled = byKey.get(key) ?? { set: new Set(items), key, uses: 0 };
      if (pooled.uses++ === 0) {
        byKey.set(key, pooled);
        bySet.set(pooled.set, pooled);
      }
      return pooled.set;
    },
    release(set) {
      const pooled = bySet.get(set);
      if (pooled === undefined || --pooled.uses > 0) return;
      byKey.delete(pooled.key);
      bySet.delete(set);
    },
  };
}
