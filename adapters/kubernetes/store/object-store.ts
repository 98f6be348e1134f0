import type { Endpoint } from "../../../model/endpoint.ts";
import type { Node } from "../../../model/node.ts";
import type { Policy } from "../../../model/policy.ts";
import type { Problem } from "../../../model/problem.ts";
import type { Update } from "../../../model/update.ts";
import { createImplicitNamespaces } from "./implicit-namespaces.ts";
import type { ListWatchEvent } from "../reading/list-watch-event.ts";
import { createProblemList } from "./problem-list.ts";
import {
  createResourceStore,
  type LookedUpList,
  type ResourceStore,
  type ValueChange,
} from "./resource-store.ts";
import type { ModelItem, NamespaceObject } from "./to-model.ts";

/** What each resource's objects are to the model. */
export interface ResourceValues {
  readonly pods: Endpoint;
  readonly namespaces: NamespaceObject;
  readonly networkpolicies: Policy;
  readonly nodes: Node;
}

export type ResourceName = keyof ResourceValues;

export type ResourceEvent<Name extends ResourceName> = ListWatchEvent<ModelItem<ResourceValues[Name]>>;

/** What was asked for beside the lists and watches, of one moment or of moments in this order. */
export interface LookedUpObjects {
  readonly pod?: ModelItem<Endpoint>;
  readonly namespace?: ModelItem<NamespaceObject>;
  readonly policies?: LookedUpList<Policy>;
}

/** What follows from that. */
export interface LookedUp {
  readonly updates: readonly Update[];
  /** The pod that was asked for, as it is known now; undefined: it is gone, as far as anybody knows. */
  readonly pod: Endpoint | undefined;
}

/** The current truth of all resources, in the model's words. */
export interface ObjectStore {
  /** What follows from one event of one resource's list and watch. */
  take<Name extends ResourceName>(name: Name, event: ResourceEvent<Name>): Update[];
  look(objects: LookedUpObjects): LookedUp;
  isWhole(name: ResourceName): boolean;
  /** This machine's Node as it was told last; a Node that is gone stays told. */
  readonly node: Node | undefined;
  /** How many objects of the resource there are. */
  count(name: ResourceName): number;
  /**
   * Every resource has been listed: what is missing is missing from now on. Answers the namespaces that are in use and
   * have no object; later ones come with `take`.
   */
  open(): Update[];
  /** All there are, ordered by object; the same list while nothing about it has changed. */
  problems(): readonly Problem[];
}

function policyUpdates({ before, after }: ValueChange<Policy>): Update[] {
  if (Bun.deepEquals(before, after, true)) return [];
  const updates: Update[] = [];
  // A policy that becomes readable, or is so no more, is called otherwise.
  if (before !== undefined && before.id !== after?.id) {
    updates.push({ kind: "policy", id: before.id, value: undefined });
  }
  if (after !== undefined) updates.push({ kind: "policy", id: after.id, value: after });
  return updates;
}

type Readers = {
  readonly [Name in ResourceName]: (change: ValueChange<ResourceValues[Name]>) => Update[];
};
type Takers = { readonly [Name in ResourceName]: (event: ResourceEvent<Name>) => Update[] };

function policyNamespace(policy: Policy | undefined): string | undefined {
  const namespaces = policy?.subjects.namespaces;
  return namespaces?.kind === "named" ? namespaces.name : undefined;
}

export function createObjectStore(): ObjectStore {
  const problems = createProblemList();
  const stores = {
    pods: createResourceStore<Endpoint>(problems),
    namespaces: createResourceStore<NamespaceObject>(problems),
    networkpolicies: createResourceStore<Policy>(problems),
    nodes: createResourceStore<Node>(problems),
  };
  const implicit = createImplicitNamespaces();

  function use(before: string | undefined, after: string | undefined): void {
    if (before === after) return;
    if (before !== undefined) implicit.use(before, -1);
    if (after !== undefined) implicit.use(after, 1);
  }

  /** As it was told last. */
  let node: Node | undefined;

  /** What a change of one value means to the model. */
  const updatesOf: Readers = {
    pods({ before, after }) {
      use(before?.namespace, after?.namespace);
      const id = (after ?? before)?.id;
      return id === undefined ? [] : [{ kind: "endpoint", id, value: after }];
    },
    namespaces({ before, after }) {
      const name = (after ?? before)?.namespace.name;
      if (name === undefined) return [];
      implicit.write(name, after !== undefined);
      const updates = policyUpdates({ before: before?.isolation, after: after?.isolation });
      if (Bun.deepEquals(before?.namespace, after?.namespace, true)) return updates;
      return [{ kind: "namespace", name, value: after?.namespace }, ...updates];
    },
    networkpolicies(change) {
      use(policyNamespace(change.before), policyNamespace(change.after));
      return policyUpdates(change);
    },
    nodes({ after }) {
      // Pods outlive their Node's object, and one that is registered anew has no ranges for a while: what is closed stays so.
      if (after === undefined || (after.podCidrs.length === 0 && (node?.podCidrs.length ?? 0) > 0)) return [];
      node = after;
      return [{ kind: "node", name: after.name, value: after }];
    },
  };

  function updatesFrom<Value>(
    changes: readonly ValueChange<Value>[],
    read: (change: ValueChange<Value>) => Update[],
  ): Update[] {
    const updates: Update[] = [];
    for (const change of changes) for (const update of read(change)) updates.push(update);
    for (const update of implicit.take()) updates.push(update);
    return updates;
  }

  function taker<Value>(
    store: ResourceStore<Value>,
    read: (change: ValueChange<Value>) => Update[],
  ): (event: ListWatchEvent<ModelItem<Value>>) => Update[] {
    return (event) => updatesFrom(store.take(event), read);
  }

  const takers: Takers = {
    pods: taker(stores.pods, updatesOf.pods),
    namespaces: taker(stores.namespaces, updatesOf.namespaces),
    networkpolicies: taker(stores.networkpolicies, updatesOf.networkpolicies),
    nodes: taker(stores.nodes, updatesOf.nodes),
  };

  return {
    take: (name, event) => takers[name](event),
    look({ pod, namespace, policies }) {
      const updates: Update[] = [];
      // The namespace first: for what lives in one that nobody knows, one would be thought up.
      if (namespace !== undefined)
        updates.push(...updatesFrom(stores.namespaces.look(namespace).changes, updatesOf.namespaces));
      if (policies !== undefined)
        updates.push(...updatesFrom(stores.networkpolicies.lookAll(policies), updatesOf.networkpolicies));
      if (pod === undefined) return { updates, pod };
      const { changes, value } = stores.pods.look(pod);
      updates.push(...updatesFrom(changes, updatesOf.pods));
      return { updates, pod: value };
    },
    isWhole: (name) => stores[name].whole,
    get node() {
      return node;
    },
    count: (name) => stores[name].size,
    open() {
      implicit.open();
      return implicit.take();
    },
    problems: () => problems.all(),
  };
}
