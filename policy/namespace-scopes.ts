import type { Namespace } from "../model/endpoint.ts";
import { type NamespaceSelector, type Selector, selectorMatches } from "../model/selector.ts";
import { unreachable } from "../model/unreachable.ts";
import type { GroupedEndpoints } from "./endpoint-groups.ts";
import {
  addToIndex,
  createLabelIndex,
  findInIndex,
  type LabelIndex,
  matching,
  removeFromIndex,
} from "./label-index.ts";
import type { Pace } from "./pace.ts";
import { labelsKey } from "./peer-text.ts";
import { items, type Several, withItem, withoutItem } from "./several.ts";

/** Selectors of endpoints that mean the same namespaces. */
export interface Scope<Selecting> {
  readonly where: NamespaceSelector;
  readonly selectors: LabelIndex<Selecting>;
  /** Who asks for it; the last one closes it. */
  uses: number;
  /** The namespaces that it reaches by their labels. */
  readonly reached: Set<NamespaceRecord<Selecting>>;
}

/** What is known of a namespace that has endpoints, or is asked for. */
export interface NamespaceRecord<Selecting> extends GroupedEndpoints<Selecting> {
  readonly name: string;
  /** Asked for by its name. */
  named: Scope<Selecting> | undefined;
  /** Asked for by its labels. */
  labelled: Several<Scope<Selecting>>;
}

export interface NamespaceScopes<Selecting> {
  readonly records: ReadonlyMap<string, NamespaceRecord<Selecting>>;
  record(name: string): NamespaceRecord<Selecting>;
  /** Forgets it if there is nothing to know. */
  forget(record: NamespaceRecord<Selecting>): void;
  /** One use more of the scope. A new one reaches no namespace by its labels before `settle`. */
  open(where: NamespaceSelector): Scope<Selecting>;
  /** Asks each namespace once, for all scopes that are new. */
  settle(): Generator<void>;
  close(scope: Scope<Selecting>): Generator<void>;
  /** Where endpoints may live that the scope means. */
  recordsOf(scope: Scope<Selecting>): Iterable<NamespaceRecord<Selecting>>;
  /** The scopes that mean the namespace. */
  reaching(record: NamespaceRecord<Selecting>): Iterable<Scope<Selecting>>;
  /** The namespace's labels may be others: asks only what mentions them, before or now. Returns the scopes that mean it no more, or from now on. */
  relabelled(name: string): readonly Scope<Selecting>[];
}

/** Whether endpoints of that namespace are meant; a namespace unknown or unreadable has no labels to ask for. */
export function namespaceMatches(
  selector: NamespaceSelector,
  name: string,
  namespaces: ReadonlyMap<string, Namespace>,
): boolean {
  if (selector.kind === "any") return true;
  if (selector.kind === "named") return selector.name === name;
  const namespace = namespaces.get(name);
  if (namespace === undefined || namespace.unreadable === true) return false;
  return selectorMatches(selector.selector, namespace.labels);
}

const NOBODY: Selector = { kind: "none" };

/** `namespaces` is read whenever a scope asks for labels of namespaces: the owner keeps it current. */
export function createNamespaceScopes<Selecting>(
  namespaces: ReadonlyMap<string, Namespace>,
  pace: Pace,
): NamespaceScopes<Selecting> {
  type OneScope = Scope<Selecting>;
  const make = (where: NamespaceSelector): OneScope => {
    return { where, selectors: createLabelIndex(), uses: 0, reached: new Set() };
  };
  const records = new Map<string, NamespaceRecord<Selecting>>();
  const anywhere = make({ kind: "any" });
  const byKey = new Map<string, OneScope>();
  const byLabels = createLabelIndex<OneScope>();
  const fresh = new Set<OneScope>();

  function record(name: string): NamespaceRecord<Selecting> {
    const known = records.get(name);
    if (known !== undefined) return known;
    const made = { name, groups: undefined, loose: undefined, named: undefined, labelled: undefined };
    records.set(name, made);
    return made;
  }

  function forget(one: NamespaceRecord<Selecting>): void {
    const { name, groups, loose, named, labelled } = one;
    if ((groups ?? loose ?? named ?? labelled) === undefined) records.delete(name);
  }

  function reach(scope: OneScope, name: string): void {
    const one = record(name);
    one.labelled = withItem(one.labelled, scope);
    scope.reached.add(one);
  }

  function unreach(scope: OneScope, one: NamespaceRecord<Selecting>): void {
    one.labelled = withoutItem(one.labelled, scope);
    scope.reached.delete(one);
  }

  function openLabelled(selector: Selector): OneScope {
    const key = labelsKey(selector);
    const known = byKey.get(key);
    if (known !== undefined) return known;
    const scope = make({ kind: "labelled", selector });
    byKey.set(key, scope);
    addToIndex(byLabels, scope, selector);
    fresh.add(scope);
    return scope;
  }

  function scopeOf(where: NamespaceSelector): OneScope {
    switch (where.kind) {
      case "any":
        return anywhere;
      case "named":
        return (record(where.name).named ??= make(where));
      case "labelled":
        return openLabelled(where.selector);
      default:
        return unreachable(where);
    }
  }

  return {
    records,
    record,
    forget,
    open(where) {
      const scope = scopeOf(where);
      scope.uses++;
      return scope;
    },
    *settle() {
      if (fresh.size === 0) return;
      const meaning = matching([...fresh], ({ where }) =>
        where.kind === "labelled" ? where.selector : NOBODY,
      );
      fresh.clear();
      for (const { name, labels, unreadable } of namespaces.values()) {
        for (const scope of unreadable === true ? [] : meaning(labels)) reach(scope, name);
        if (pace()) yield;
      }
    },
    *close(scope) {
      if (--scope.uses > 0) return;
      const { where } = scope;
      if (where.kind === "named") {
        const one = record(where.name);
        one.named = undefined;
        forget(one);
      } else if (where.kind === "labelled") {
        byKey.delete(labelsKey(where.selector));
        fresh.delete(scope);
        removeFromIndex(byLabels, scope, where.selector);
        for (const one of scope.reached) {
          unreach(scope, one);
          forget(one);
          if (pace()) yield;
        }
      }
    },
    recordsOf({ where, reached }) {
      if (where.kind === "any") return records.values();
      return where.kind === "named" ? [record(where.name)] : reached;
    },
    *reaching({ named, labelled }) {
      yield anywhere;
      if (named !== undefined) yield named;
      yield* items(labelled);
    },
    relabelled(name) {
      const namespace = namespaces.get(name);
      const flipped = new Set(items(records.get(name)?.labelled));
      if (namespace !== undefined) {
        findInIndex(byLabels, namespace.labels, (scope) => {
          // What stays drops out; what does not mean it any more stays in.
          if (!namespaceMatches(scope.where, name, namespaces)) return;
          if (!flipped.delete(scope)) flipped.add(scope);
        });
      }
      for (const scope of flipped) {
        const one = record(name);
        if (scope.reached.has(one)) unreach(scope, one);
        else reach(scope, name);
      }
      return [...flipped];
    },
  };
}
