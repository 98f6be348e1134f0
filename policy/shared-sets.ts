/** Things that programs share: made on first use, dropped by `sweep` when nobody uses them. */
export interface SharedSets<Spec, Id> {
  /** One use more. Every acquire is paid back by one release. */
  acquire(spec: Spec): Id;
  release(id: Id): void;
  /** Late on purpose: what a pass releases and acquires again is not rebuilt. */
  sweep(): void;
}

export interface SharedSetsOptions<Spec, Id> {
  readonly idOf: (spec: Spec) => Id;
  /** Returns what to do when it is dropped. */
  readonly make: (id: Id, spec: Spec) => () => void;
}

export function createSharedSets<Spec, Id>(options: SharedSetsOptions<Spec, Id>): SharedSets<Spec, Id> {
  const { idOf, make } = options;
  const entries = new Map<Id, { uses: number; readonly drop: () => void }>();
  const unused = new Set<Id>();
  return {
    acquire(spec) {
      const id = idOf(spec);
      const entry = entries.get(id);
      if (entry === undefined) entries.set(id, { uses: 1, drop: make(id, spec) });
      else if (entry.uses++ === 0) unused.delete(id);
      return id;
    },
    release(id) {
      const entry = entries.get(id);
      if (entry !== undefined && --entry.uses === 0) unused.add(id);
    },
    sweep() {
      for (const id of unused) {
        entries.get(id)?.drop();
        entries.delete(id);
      }
      unused.clear();
    },
  };
}
