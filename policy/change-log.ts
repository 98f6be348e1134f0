/** What became of sets since the log was last taken. */
export interface SetLog<Id, Element> {
  came(id: Id): void;
  went(id: Id): void;
  added(id: Id, element: Element): void;
  removed(id: Id, element: Element): void;
  /** Every set that came or went, as a whole; and those whose elements differ in the end, with those elements. Empties the log. */
  take(now: (id: Id) => ReadonlySet<Element> | undefined): Map<Id, ReadonlySet<Element> | "whole">;
}

/** Whether the set held the element when the log was last taken; or that the set came or went since. */
type SetRecord<Element> = Map<Element, boolean> | "new" | "replaced";

export function createSetLog<Id, Element>(): SetLog<Id, Element> {
  let records = new Map<Id, SetRecord<Element>>();

  function note(id: Id, element: Element, held: boolean): void {
    const record = records.get(id);
    if (record === undefined) records.set(id, new Map([[element, held]]));
    else if (typeof record !== "string" && !record.has(element)) record.set(element, held);
  }

  return {
    came(id) {
      if (!records.has(id)) records.set(id, "new");
    },
    went(id) {
      if (records.get(id) !== "new") records.set(id, "replaced");
    },
    added: (id, element) => note(id, element, false),
    removed: (id, element) => note(id, element, true),
    take(now) {
      const taken = new Map<Id, ReadonlySet<Element> | "whole">();
      for (const [id, record] of records) {
        const elements = now(id);
        if (typeof record === "string") {
          if (record === "replaced" || elements !== undefined) taken.set(id, "whole");
          continue;
        }
        const changed = new Set<Element>();
        for (const [element, held] of record) {
          if (held !== (elements?.has(element) ?? false)) changed.add(element);
        }
        if (changed.size > 0) taken.set(id, changed);
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
