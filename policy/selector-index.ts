import type { Endpoint, Namespace } from "../model/endpoint.ts";
import type { Labels } from "../model/labels.ts";
import { type EndpointSelector, selectorMatches } from "../model/selector.ts";
import {
  type EndpointGroup,
  groupOf,
  groupsOf,
  openGroup,
  placeEndpoint,
  removeEndpoint,
  swapEndpoint,
} from "./endpoint-groups.ts";
import { addToIndex, findInIndex, matching, removeFromIndex } from "./label-index.ts";
import { createNamespaceScopes, type NamespaceRecord, type Scope } from "./namespace-scopes.ts";
import type { Pace } from "./pace.ts";
import { selectorKey } from "./peer-text.ts";
import { items } from "./several.ts";
import { createSetPool, createSetSteps, type SetSteps } from "./set-pool.ts";

/** A selector that somebody asks, and the endpoints that it selects now. */
export interface ActiveSelector<User> {
  readonly selector: EndpointSelector;
  readonly users: Set<User>;
  readonly groups: Set<EndpointGroup<ActiveSelector<User>>>;
}

/** What selected an endpoint, and what selects it now. */
export interface Reselected<User> {
  readonly before: ReadonlySet<ActiveSelector<User>>;
  readonly after: ReadonlySet<ActiveSelector<User>>;
}

export interface GroupChange<User> extends Reselected<User> {
  readonly group: EndpointGroup<ActiveSelector<User>>;
}

/**
 * Keeps, for every active selector, which endpoints it selects. A changed endpoint is compared only with selectors that can
 * reach its namespace and mention one of its labels, or none; new selectors, together, with one endpoint of each group.
 * What is a generator does its work while it is iterated, in short steps: nothing else may be called before it has ended.
 */
export interface SelectorIndex<User> {
  /** A new selector selects nobody before `settle`. */
  acquire(selector: EndpointSelector, user: User): ActiveSelector<User>;
  /** Lets all new selectors select: to be called before anything changes. */
  settle(): Generator<void>;
  /** Forgets the selector when its last user goes. */
  release(active: ActiveSelector<User>, user: User): Generator<void>;
  /** Puts an endpoint in the place of what stood there by its id, that very object; undefined: it was not there, or it is gone. */
  put(before: Endpoint | undefined, after: Endpoint | undefined): Reselected<User>;
  /** To be called after the namespace changed in the map of namespaces. Returns the groups that it moves. */
  namespaceChanged(name: string): Generator<void, readonly GroupChange<User>[]>;
  /** What selects an endpoint that is there. */
  matched(endpoint: Endpoint): ReadonlySet<ActiveSelector<User>>;
}

/** `namespaces` is read whenever a selector asks for labels of namespaces: the owner keeps it current. */
export function createSelectorIndex<User>(
  namespaces: ReadonlyMap<string, Namespace>,
  pace: Pace,
): SelectorIndex<User> {
  type Active = ActiveSelector<User>;
  type Group = EndpointGroup<Active>;
  const nothing: ReadonlySet<Active> = new Set();
  const none: readonly Active[] = [];
  const scopes = createNamespaceScopes<Active>(namespaces, pace);
  const byKey = new Map<string, Active>();
  const scopeOf = new Map<Active, Scope<Active>>();
  const fresh = new Map<Scope<Active>, Active[]>();
  const pool = createSetPool<Active>();

  function ask(asked: Iterable<Scope<Active>>, labels: Labels): readonly Active[] {
    let found: Active[] | undefined;
    for (const { selectors } of asked) {
      findInIndex(selectors, labels, (active) => {
        if (selectorMatches(active.selector.endpoints, labels)) (found ??= []).push(active);
      });
    }
    return found ?? none;
  }

  function toggle(group: Group, actives: readonly Active[], steps: SetSteps<Active>): GroupChange<User> {
    const before = group.selecting;
    let after = before;
    for (const active of actives) {
      after = steps.toggled(after, active);
      if (after.has(active)) active.groups.add(group);
      else active.groups.delete(group);
    }
    group.selecting = after.size === 0 ? nothing : pool.again(after);
    pool.release(before);
    return { group, before, after };
  }

  /** `flipped`: the selectors whose answer is another one now, for all endpoints with such labels. */
  function* reselect(
    records: Iterable<NamespaceRecord<Active>>,
    flipped: (labels: Labels) => readonly Active[],
    told: (change: GroupChange<User>) => void = () => {},
  ): Generator<void> {
    const steps = createSetSteps(pool);
    for (const record of records) {
      for (const group of groupsOf(record)) {
        const actives = flipped(group.labels);
        if (actives.length > 0) told(toggle(group, actives, steps));
        if (pace()) yield;
      }
      let last: Labels | undefined;
      for (const { labels } of items(record.loose)) {
        if (labels === last || groupOf(record, labels) !== undefined) continue;
        last = labels;
        const actives = flipped(labels);
        if (actives.length > 0) told(toggle(openGroup(record, labels, nothing), actives, steps));
      }
      if (pace()) yield;
    }
    steps.end();
  }

  function activate(key: string, selector: EndpointSelector): Active {
    const active: Active = { selector, users: new Set(), groups: new Set() };
    const scope = scopes.open(selector.namespaces);
    byKey.set(key, active);
    scopeOf.set(active, scope);
    addToIndex(scope.selectors, active, selector.endpoints);
    const others = fresh.get(scope);
    if (others === undefined) fresh.set(scope, [active]);
    else others.push(active);
    return active;
  }

  function* settle(): Generator<void> {
    yield* scopes.settle();
    for (const [scope, actives] of fresh) {
      const flipped = matching(actives, ({ selector }) => selector.endpoints);
      yield* reselect(scopes.recordsOf(scope), flipped);
    }
    fresh.clear();
  }

  function* deactivate(active: Active): Generator<void> {
    byKey.delete(selectorKey(active.selector));
    const scope = scopeOf.get(active);
    scopeOf.delete(active);
    const steps = createSetSteps(pool);
    const itself = [active];
    for (const group of active.groups) {
      toggle(group, itself, steps);
      if (pace()) yield;
    }
    steps.end();
    if (scope === undefined) return;
    removeFromIndex(scope.selectors, active, active.selector.endpoints);
    yield* scopes.close(scope);
  }

  function enter(endpoint: Endpoint): void {
    const record = scopes.record(endpoint.namespace);
    const { labels } = endpoint;
    let actives: readonly Active[] | undefined;
    const find = () => (actives ??= ask(scopes.reaching(record), labels));
    if (placeEndpoint(record, endpoint, () => find().length === 0)) return;
    const found = find();
    const group = openGroup(record, labels, found.length === 0 ? nothing : pool.take(found));
    for (const active of found) active.groups.add(group);
    placeEndpoint(record, endpoint, () => false);
  }

  function leave(endpoint: Endpoint): void {
    const record = scopes.records.get(endpoint.namespace);
    if (record === undefined) return;
    const emptied = removeEndpoint(record, endpoint);
    if (emptied !== undefined) {
      for (const active of emptied.selecting) active.groups.delete(emptied);
      pool.release(emptied.selecting);
    }
    scopes.forget(record);
  }

  function matched(endpoint: Endpoint): ReadonlySet<Active> {
    const record = scopes.records.get(endpoint.namespace);
    return (record && groupOf(record, endpoint.labels)?.selecting) ?? nothing;
  }

  return {
    acquire(selector, user) {
      const key = selectorKey(selector);
      const active = byKey.get(key) ?? activate(key, selector);
      active.users.add(user);
      return active;
    },
    settle,
    *release(active, user) {
      if (active.users.delete(user) && active.users.size === 0) yield* deactivate(active);
    },
    put(before, after) {
      const record = before && scopes.records.get(before.namespace);
      const here = before?.labels === after?.labels && before?.namespace === after?.namespace;
      if (record !== undefined && before !== undefined && after !== undefined && here) {
        swapEndpoint(record, { before, after });
        const same = matched(after);
        return { before: same, after: same };
      }
      const left = before === undefined ? nothing : matched(before);
      if (before !== undefined) leave(before);
      if (after !== undefined) enter(after);
      return { before: left, after: after === undefined ? nothing : matched(after) };
    },
    *namespaceChanged(name) {
      const flipped = scopes.relabelled(name);
      const record = scopes.records.get(name);
      if (flipped.length === 0 || record === undefined) return [];
      const changes: GroupChange<User>[] = [];
      yield* reselect(
        [record],
        (labels) => ask(flipped, labels),
        (change) => changes.push(change),
      );
      scopes.forget(record);
      return changes;
    },
    matched,
  };
}
