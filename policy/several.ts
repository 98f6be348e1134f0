/**
 * Different objects, mostly one or a few of them: alone it is itself, a few are a list, and only many are a Set, which takes
 * four times the room of a list. Each change returns what stands there from now on.
 */
export type Several<Item extends object> = Item | readonly Item[] | Set<Item> | undefined;

const LONGEST_LIST = 16;
const SMALLEST_SET = 8;

// Array.isArray does not narrow readonly lists.
function isList<Item extends object>(several: Item | readonly Item[]): several is readonly Item[] {
  return Array.isArray(several);
}

export function withItem<Item extends object>(several: Several<Item>, item: Item): Several<Item> {
  if (several === undefined) return item;
  if (several instanceof Set) return several.add(item);
  if (!isList(several)) return several === item ? item : [several, item];
  if (several.includes(item)) return several;
  // A copy has room for what it holds; a list that grows has room for 25, and there is one for each namespace and group.
  return several.length < LONGEST_LIST ? [...several, item] : new Set(several).add(item);
}

export function withoutItem<Item extends object>(several: Several<Item>, item: Item): Several<Item> {
  if (several instanceof Set) {
    several.delete(item);
    return several.size < SMALLEST_SET ? [...several] : several;
  }
  if (several === undefined || !isList(several)) return several === item ? undefined : several;
  const rest = several.filter((one) => one !== item);
  return rest.length === 1 ? rest[0] : rest;
}

/** A Set is itself: nothing may come or go while it is read. */
export function items<Item extends object>(several: Several<Item>): Iterable<Item> {
  if (several === undefined) return [];
  return several instanceof Set || isList(several) ? several : [several];
}

export function count(several: Several<object>): number {
  if (several === undefined) return 0;
  if (several instanceof Set) return several.size;
  return isList(several) ? several.length : 1;
}
