/** Things that programs share: made on first use, dropped by `sweep` when nobody uses them; both in steps. */
export interface SharedSets<Spec, Id> {
  /** One use more. Every acquire is paid back by one release. */
  acquire(spec: Spec): Generator<void, Id>;
  release(id: Id): void;
  /** Late on purpose: what a pass releases and acquires again is not rebuilt. */
  sweep(): Generator<void>;
}

export interface SharedSetsOptions<Spec, Id> {
  readonly idOf: (spec: Spec) => Id;
  /** Returns what to do when it is dropped. */
  readonly make: (id: Id, spec: Spec) => Generator<void, () => Generator<void>>;
}

export function createSharedSets<Spec, Id>(options: SharedSetsOptions<Spec, Id>): SharedSets<Spec, Id> {
  const { idOf, make } = options;
  const entries = new Map<Id, { uses: number; readonly drop: () => Generator<void> }>();
  const unused = new Set<Id>();
  return {
    *acquire(spec) {
      const id = idOf(spec);
      const entry = entries.get(id);
      if (entry === undefined) entries.set(id, { uses: 1, drop: yield* make(id, spec) });
      else if (entry.uses++ === 0) unused.delete(id);
      return id;
    },
    release(id) {
      const entry = entries.get(id);
      if (entry !== undefined && --entry.uses === 0) unused.add(id);
    },
    *sweep() {
      for (const id of unused) {
        const entry = entries.get(id);
        entries.delete(id);
        if (entry !== undefined) yield* entry.drop();
      }
      unused.clear();
    },
  };
}
