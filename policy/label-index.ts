import type { Labels } from "../model/labels.ts";
import { type Selector, selectorMatches } from "../model/selector.ts";
import { unreachable } from "../model/unreachable.ts";

/**
 * Things with a selector each, found by the labels that the selector requires: who looks for what may match an object
 * meets only what mentions one of its labels, and what requires none.
 */
export interface LabelIndex<Item> {
  byKey: Map<string, WithKey<Item>> | undefined;
  /** What requires no label: everything, or everything but. */
  readonly rest: Set<Item>;
}

interface WithKey<Item> {
  readonly byValue: Map<string, Set<Item>>;
  /** What requires the key with any value. */
  readonly present: Set<Item>;
}

/** The object must have the key, with one of the values where there are some. */
interface Requirement {
  readonly key: string;
  readonly values: readonly string[] | undefined;
}

export function createLabelIndex<Item>(): LabelIndex<Item> {
  return { byKey: undefined, rest: new Set() };
}

/** All of them must hold; undefined: nothing can match. */
function requirementsOf(selector: Selector): readonly Requirement[] | undefined {
  switch (selector.kind) {
    case "all":
    case "not":
      return [];
    case "none":
      return undefined;
    case "has":
      return [{ key: selector.key, values: undefined }];
    case "in":
      return selector.values.length === 0 ? undefined : [{ key: selector.key, values: selector.values }];
    case "and": {
      const found: Requirement[] = [];
      for (const operand of selector.operands) {
        const requirements = requirementsOf(operand);
        if (requirements === undefined) return undefined;
        found.push(...requirements);
      }
      return found;
    }
    default:
      return unreachable(selector);
  }
}

/** How many meet there already: the fewer, the seldomer it is looked at in vain. */
function company<Item>(index: LabelIndex<Item>, { key, values }: Requirement): number {
  if (values === undefined) return Number.POSITIVE_INFINITY;
  const byValue = index.byKey?.get(key)?.byValue;
  return values.reduce((sum, value) => sum + 1 + (byValue?.get(value)?.size ?? 0), 0);
}

function open<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

export function addToIndex<Item>(index: LabelIndex<Item>, item: Item, selector: Selector): void {
  const requirements = requirementsOf(selector);
  if (requirements === undefined) return;
  let best: Requirement | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const requirement of requirements) {
    const others = company(index, requirement);
    if (best === undefined || others < least) [best, least] = [requirement, others];
  }
  if (best === undefined) {
    index.rest.add(item);
    return;
  }
  index.byKey ??= new Map();
  const withKey = open(index.byKey, best.key, () => ({ byValue: new Map(), present: new Set() }));
  if (best.values === undefined) withKey.present.add(item);
  for (const value of best.values ?? []) open(withKey.byValue, value, () => new Set<Item>()).add(item);
}

/** Looks wherever the selector may have put it: which of its labels was the rarest then is not kept. */
export function removeFromIndex<Item>(index: LabelIndex<Item>, item: Item, selector: Selector): void {
  index.rest.delete(item);
  for (const { key, values } of requirementsOf(selector) ?? []) {
    const withKey = index.byKey?.get(key);
    if (withKey === undefined) continue;
    withKey.present.delete(item);
    for (const value of values ?? []) {
      const others = withKey.byValue.get(value);
      if (others?.delete(item) === true && others.size === 0) withKey.byValue.delete(value);
    }
    if (withKey.present.size === 0 && withKey.byValue.size === 0) index.byKey?.delete(key);
  }
}

/** Tells, once each, what may match an object with those labels. */
export function findInIndex<Item>(
  index: LabelIndex<Item>,
  labels: Labels,
  found: (item: Item) => void,
): void {
  index.rest.forEach(found);
  const { byKey } = index;
  if (byKey === undefined || byKey.size === 0) return;
  for (const key of Object.keys(labels)) {
    const withKey = byKey.get(key);
    if (withKey === undefined) continue;
    withKey.present.forEach(found);
    withKey.byValue.get(labels[key] ?? "")?.forEach(found);
  }
}

/** Below, to ask each costs less than to look at every label. */
const FEW = 4;

/** Of the items, those whose selector matches the labels: of many, only what mentions the labels is asked. */
export function matching<Item>(
  items: readonly Item[],
  selectorOf: (item: Item) => Selector,
): (labels: Labels) => readonly Item[] {
  const none: readonly Item[] = [];
  if (items.length < FEW) {
    const one = items.length === 1 ? items[0] : undefined;
    if (one !== undefined) {
      const selector = selectorOf(one);
      return (labels) => (selectorMatches(selector, labels) ? items : none);
    }
    return (labels) => items.filter((item) => selectorMatches(selectorOf(item), labels));
  }
  const index = createLabelIndex<Item>();
  for (const item of items) addToIndex(index, item, selectorOf(item));
  return (labels) => {
    let found: Item[] | undefined;
    findInIndex(index, labels, (item) => {
      if (selectorMatches(selectorOf(item), labels)) (found ??= []).push(item);
    });
    return found ?? none;
  };
}
