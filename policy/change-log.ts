/** What became of sets since the log was last taken, told by the elements that differ in the end. */
export interface SetLog<Id, Element> {
  came(id: Id): void;
  /** `elements`: what the set held when it went. */
  went(id: Id, elements: Iterable<Element>): void;
  added(id: Id, element: Element): void;
  removed(id: Id, element: Element): void;
  /** Every set that came or went, or whose elements differ, with those elements. Empties the log. */
  take(now: (id: Id) => ReadonlySet<Element> | undefined): Map<Id, ReadonlySet<Element>>;
}

interface SetRecord<Element> {
  readonly existed: boolean;
  /** Whether the set held the element when the log was last taken; kept only for sets that existed then. */
  readonly held: Map<Element, boolean>;
}

export function createSetLog<Id, Element>(): SetLog<Id, Element> {
  let records = new Map<Id, SetRecord<Element>>();

  function record(id: Id, existed: boolean): SetRecord<Element> {
    const known = records.get(id);
    if (known !== undefined) return known;
    const made = { existed, held: new Map<Element, boolean>() };
    records.set(id, made);
    return made;
  }

  function note(id: Id, element: Element, held: boolean): void {
    const { existed, held: known } = record(id, true);
    if (existed && !known.has(element)) known.set(element, held);
  }

  return {
    came: (id) => void record(id, false),
    went(id, elements) {
      record(id, true);
      for (const element of elements) note(id, element, true);
    },
    added: (id, element) => note(id, element, false),
    removed: (id, element) => note(id, element, true),
    take(now) {
      const taken = new Map<Id, ReadonlySet<Element>>();
      for (const [id, { existed, held }] of records) {
        const elements = now(id);
        if (!existed) {
          if (elements !== undefined) taken.set(id, new Set(elements));
          continue;
        }
        const changed = new Set<Element>();
        for (const [element, before] of held) {
          if (before !== (elements?.has(element) ?? false)) changed.add(element);
        }
        if (changed.size > 0 || elements === undefined) taken.set(id, changed);
      }
      records = new Map();
      return taken;
    },
  };
}

/** Which plain values differ from what they were when the log was last taken. */
export interface ValueLog<Id, Value> {
  /** Call before the value changes, comes (undefined) or goes. */
  changing(id: Id, before: Value | undefined): void;
  /** Empties the log. */
  take(now: ReadonlyMap<Id, Value>): Set<Id>;
}

/** For values that JSON can carry, always built with their keys in one order. */
export function createValueLog<Id, Value>(): ValueLog<Id, Value> {
  let earlier = new Map<Id, Value | undefined>();
  return {
    changing(id, before) {
      if (!earlier.has(id)) earlier.set(id, before);
    },
    take(now) {
      const taken = new Set<Id>();
      for (const [id, before] of earlier) {
        const after = now.get(id);
        if (before === after) continue;
        if (JSON.stringify(before) !== JSON.stringify(after)) taken.add(id);
      }
      earlier = new Map();
      return taken;
    },
  };
}
