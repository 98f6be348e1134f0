import type { Endpoint, EndpointId, Namespace } from "../model/endpoint.ts";
import { type EndpointSelector, type NamespaceSelector, selectorMatches } from "../model/selector.ts";
import { selectorKey } from "./peer-text.ts";
import { createSetPool } from "./set-pool.ts";

/** A selector that somebody asks, and the endpoints that it selects now. */
export interface ActiveSelector<User> {
  readonly selector: EndpointSelector;
  readonly users: Set<User>;
  readonly members: Set<EndpointId>;
  /** Where its endpoints live; undefined: anywhere. */
  readonly namespaces: Set<string> | undefined;
}

export interface MatchChange<User> {
  readonly id: EndpointId;
  readonly before: ReadonlySet<ActiveSelector<User>>;
  readonly after: ReadonlySet<ActiveSelector<User>>;
}

/**
 * Keeps, for every active selector, which endpoints it selects. A changed endpoint is compared with the selectors
 * that can reach its namespace only; an index by label can come between `candidates` and the comparison.
 */
export interface SelectorIndex<User> {
  /** Looks once at the endpoints of the selector's namespaces, if nobody asked it before. */
  acquire(selector: EndpointSelector, user: User): ActiveSelector<User>;
  /** Forgets the selector when its last user goes. */
  release(active: ActiveSelector<User>, user: User): void;
  /** Puts an endpoint in the place of what stood there by its id; undefined: it was not there, or it is gone. */
  put(before: Endpoint | undefined, after: Endpoint | undefined): void;
  /** To be called after the namespace changed in the map of namespaces. Returns the endpoints that it moves. */
  namespaceChanged(name: string): readonly MatchChange<User>[];
  matched(id: EndpointId): ReadonlySet<ActiveSelector<User>>;
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

function addTo<Key, Item>(lists: Map<Key, Item[]>, key: Key, item: Item): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}

/** The order of a list says nothing: the last one fills the gap. */
function removeFrom<Key, Item>(lists: Map<Key, Item[]>, key: Key, item: Item): void {
  const list = lists.get(key);
  const at = list?.indexOf(item) ?? -1;
  if (list === undefined || at < 0) return;
  const last = list.pop();
  if (list.length === 0) lists.delete(key);
  else if (at < list.length && last !== undefined) list[at] = last;
}

/** `namespaces` is read whenever a selector asks for labels of namespaces: the owner keeps it current. */
export function createSelectorIndex<User>(namespaces: ReadonlyMap<string, Namespace>): SelectorIndex<User> {
  type Active = ActiveSelector<User>;
  const nothing: ReadonlySet<Active> = new Set();
  const byKey = new Map<string, Active>();
  const keys = new Map<Active, string>();
  const everywhere = new Set<Active>();
  const labelled = new Set<Active>();
  // Lists: a cluster has many namespaces of a dozen endpoints, and a set of a dozen takes four times the room.
  const selectorsByNamespace = new Map<string, Active[]>();
  const endpointsByNamespace = new Map<string, Endpoint[]>();
  const matches = new Map<EndpointId, ReadonlySet<Active>>();
  const pool = createSetPool<Active>();

  function setMatches(id: EndpointId, actives: readonly Active[]): void {
    const before = matches.get(id);
    if (actives.length > 0) matches.set(id, pool.take(actives));
    else matches.delete(id);
    if (before !== undefined) pool.release(before);
  }

  function reach(active: Active, namespace: string): void {
    active.namespaces?.add(namespace);
    addTo(selectorsByNamespace, namespace, active);
  }

  function unreach(active: Active, namespace: string): void {
    removeFrom(selectorsByNamespace, namespace, active);
    active.namespaces?.delete(namespace);
  }

  function* candidates(namespace: string): Iterable<Active> {
    yield* selectorsByNamespace.get(namespace) ?? [];
    yield* everywhere;
  }

  function take(active: Active, endpoints: readonly Endpoint[] | undefined): void {
    for (const { id, labels } of endpoints ?? []) {
      if (!selectorMatches(active.selector.endpoints, labels)) continue;
      active.members.add(id);
      setMatches(id, [...(matches.get(id) ?? nothing), active]);
    }
  }

  function activate(key: string, selector: EndpointSelector): Active {
    const where = selector.namespaces;
    const anywhere = where.kind === "any";
    const active: Active = {
      selector,
      users: new Set(),
      members: new Set(),
      namespaces: anywhere ? undefined : new Set(),
    };
    byKey.set(key, active);
    keys.set(active, key);
    if (anywhere) {
      everywhere.add(active);
      for (const endpoints of endpointsByNamespace.values()) take(active, endpoints);
      return active;
    }
    if (where.kind === "labelled") labelled.add(active);
    const names = where.kind === "named" ? [where.name] : namespaces.keys();
    for (const name of names) {
      if (!namespaceMatches(where, name, namespaces)) continue;
      reach(active, name);
      take(active, endpointsByNamespace.get(name));
    }
    return active;
  }

  function deactivate(active: Active): void {
    byKey.delete(keys.get(active) ?? "");
    keys.delete(active);
    everywhere.delete(active);
    labelled.delete(active);
    for (const namespace of active.namespaces ?? []) unreach(active, namespace);
    for (const id of active.members) {
      const rest = [...(matches.get(id) ?? nothing)].filter((other) => other !== active);
      setMatches(id, rest);
    }
  }

  function place(before: Endpoint | undefined, after: Endpoint | undefined): void {
    if (before !== undefined) removeFrom(endpointsByNamespace, before.namespace, before);
    if (after !== undefined) addTo(endpointsByNamespace, after.namespace, after);
  }

  function replace(
    id: EndpointId,
    before: ReadonlySet<Active>,
    actives: readonly Active[],
  ): MatchChange<User> {
    setMatches(id, actives);
    const after = matches.get(id) ?? nothing;
    for (const active of before) if (!after.has(active)) active.members.delete(id);
    for (const active of after) if (!before.has(active)) active.members.add(id);
    return { id, before, after };
  }

  return {
    acquire(selector, user) {
      const key = selectorKey(selector);
      const active = byKey.get(key) ?? activate(key, selector);
      active.users.add(user);
      return active;
    },
    release(active, user) {
      if (active.users.delete(user) && active.users.size === 0) deactivate(active);
    },
    put(before, after) {
      const id = (after ?? before)?.id;
      if (id === undefined) return;
      place(before, after);
      const found: Active[] = [];
      if (after !== undefined) {
        for (const active of candidates(after.namespace)) {
          if (selectorMatches(active.selector.endpoints, after.labels)) found.push(active);
        }
      }
      const left = matches.get(id) ?? nothing;
      if (found.length > 0 || left.size > 0) replace(id, left, found);
    },
    namespaceChanged(name) {
      const flipped = [...labelled].filter(
        (active) =>
          (active.namespaces?.has(name) ?? false) !==
          namespaceMatches(active.selector.namespaces, name, namespaces),
      );
      for (const active of flipped) {
        if (active.namespaces?.has(name) === true) unreach(active, name);
        else reach(active, name);
      }
      const changes: MatchChange<User>[] = [];
      if (flipped.length === 0) return changes;
      for (const { id, labels } of endpointsByNamespace.get(name) ?? []) {
        const concerned = flipped.filter((active) => selectorMatches(active.selector.endpoints, labels));
        if (concerned.length === 0) continue;
        const before = matches.get(id) ?? nothing;
        changes.push(replace(id, before, [...before.symmetricDifference(new Set(concerned))]));
      }
      return changes;
    },
    matched: (id) => matches.get(id) ?? nothing,
  };
}
