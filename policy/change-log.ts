/** What became of sets since the log was last taken. */
export interface SetLog<Id, Element> {
  came(id: Id): void;
  went(id: Id): void;
  /** The element came or went: what was there cannot come, what was not cannot go. */
  changed(id: Id, element: Element): void;
  /** Every set that came or went, as a whole; and those whose elements differ in the end, with those elements. Empties the log. */
  take(isThere: (id: Id) => boolean): Map<Id, ReadonlySet<Element> | "whole">;
}

/** The elements that differ from when the log was last taken; or that the set came or went since. */
type SetRecord<Element> = Set<Element> | "new" | "replaced";

export function createSetLog<Id, Element>(): SetLog<Id, Element> {
  let records = new Map<Id, SetRecord<Element>>();
  return {
    came(id) {
      if (!records.has(id)) records.set(id, "new");
    },
    went(id) {
      if (records.get(id) !== "new") records.set(id, "replaced");
    },
    changed(id, element) {
      const record = records.get(id);
      if (record === undefined) records.set(id, new Set([element]));
      // The second change takes the first one back.
      else if (typeof record !== "string" && !record.delete(element)) record.add(element);
    },
    take(isThere) {
      const taken = new Map<Id, ReadonlySet<Element> | "whole">();
      for (const [id, record] of records) {
        if (typeof record !== "string") {
          if (record.size > 0) taken.set(id, record);
        } else if (record === "replaced" || isThere(id)) {
          taken.set(id, "whole");
        }
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

export function createValueLog<Id, Value>(same: (a: Value, b: Value) => boolean): ValueLog<Id, Value> {
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
        if (before === undefined || after === undefined || !same(before, after)) taken.add(id);
      }
      earlier = new Map();
      return taken;
    },
  };
}
