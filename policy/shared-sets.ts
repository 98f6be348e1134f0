/** Things that programs share: made on first use, dropped when nobody uses them; both in steps. */
export interface SharedSets<Spec, Id> {
  /** One use more. Every acquire is paid back by one release. */
  acquire(spec: Spec): Id;
  release(id: Id): void;
  /** Fills what is new and drops what is unused. Late on purpose: what a pass releases and acquires again is not rebuilt. */
  settle(): Generator<void>;
}

export interface SharedSetsOptions<Spec, Id> {
  readonly idOf: (spec: Spec) => Id;
  readonly make: (id: Id, spec: Spec) => SharedSet;
}

/** What follows when it is there already. */
export interface SharedSet {
  fill(): Generator<void>;
  drop(): Generator<void>;
}

export function createSharedSets<Spec, Id>(options: SharedSetsOptions<Spec, Id>): SharedSets<Spec, Id> {
  const { idOf, make } = options;
  const entries = new Map<Id, { uses: number; readonly set: SharedSet }>();
  const unused = new Set<Id>();
  let fresh: SharedSet[] = [];
  return {
    acquire(spec) {
      const id = idOf(spec);
      const entry = entries.get(id);
      if (entry === undefined) {
        const set = make(id, spec);
        entries.set(id, { uses: 1, set });
        fresh.push(set);
      } else if (entry.uses++ === 0) unused.delete(id);
      return id;
    },
    release(id) {
      const entry = entries.get(id);
      if (entry !== undefined && --entry.uses === 0) unused.add(id);
    },
    *settle() {
      for (const set of fresh) yield* set.fill();
      fresh = [];
      for (const id of unused) {
        const entry = entries.get(id);
        entries.delete(id);
        if (entry !== undefined) yield* entry.set.drop();
      }
      unused.clear();
    },
  };
}
