/** Gives equal sets out as one: of the many endpoints of a cluster most are selected by the same few selectors. */
export interface SetPool<Item> {
  /** The one set of these different items. Every take is paid back by one release. */
  take(items: readonly Item[]): ReadonlySet<Item>;
  /** One use more of a set that was taken. */
  again(set: ReadonlySet<Item>): ReadonlySet<Item>;
  release(set: ReadonlySet<Item>): void;
}

/** Sets that differ from others by one item, each worked out once: many go the same way. */
export interface SetSteps<Item> {
  /** The set with the item if it is without it, else without it. Whoever keeps it takes it again. */
  toggled(set: ReadonlySet<Item>, item: Item): ReadonlySet<Item>;
  /** Gives all of them back. */
  end(): void;
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
    again(set) {
      const pooled = bySet.get(set);
      if (pooled !== undefined) pooled.uses++;
      return set;
    },
    release(set) {
      const pooled = bySet.get(set);
      if (pooled === undefined || --pooled.uses > 0) return;
      byKey.delete(pooled.key);
      bySet.delete(set);
    },
  };
}

export function createSetSteps<Item extends object>(pool: SetPool<Item>): SetSteps<Item> {
  const known = new Map<ReadonlySet<Item>, Map<Item, ReadonlySet<Item>>>();
  return {
    toggled(set, item) {
      const ways = known.get(set) ?? new Map<Item, ReadonlySet<Item>>();
      const found = ways.get(item);
      if (found !== undefined) return found;
      const made = pool.take([...set.symmetricDifference(new Set([item]))]);
      known.set(set, ways.set(item, made));
      return made;
    },
    end() {
      for (const ways of known.values()) for (const set of ways.values()) pool.release(set);
      known.clear();
    },
  };
}
