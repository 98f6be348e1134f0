import type { DatastoreEvent } from "../../adapters/datastore.ts";
import { createJsonLines } from "../../adapters/kubernetes/reading/json-lines.ts";
import {
  eventReader,
  readWatchEvent,
  type WatchEvent,
} from "../../adapters/kubernetes/reading/watch-events.ts";
import { createModelReader } from "../../adapters/kubernetes/store/model-reader.ts";
import type { ResourceName, ResourceValues } from "../../adapters/kubernetes/store/object-store.ts";
import {
  type ModelResource,
  NAMESPACES,
  NETWORK_POLICIES,
  ownNode,
  PODS,
} from "../../adapters/kubernetes/store/resources.ts";
import { createSharing } from "../../adapters/kubernetes/store/sharing.ts";
import type { ModelItem } from "../../adapters/kubernetes/store/to-model.ts";
import type { Update } from "../../model/update.ts";
import type { ApiObject } from "../../test/api-server/store.ts";
import { type ClusterSize, NODE } from "../scripted-cluster/cluster-size.ts";
import { clusterObjects } from "../scripted-cluster/objects.ts";
import type { Laps } from "./laps.ts";
import { watchLine } from "./watch-lines.ts";

const SERVER = "the bench";

/** What the Kubernetes adapter does with one line of a watch, without the network and the turns of the event loop. */
export interface KnownCluster {
  /** The updates that follow from a pod's line; each step is told to the laps. */
  podLine(bytes: Uint8Array, laps: Laps): readonly Update[];
}

type AnyResource = { readonly [Name in ResourceName]: ModelResource<Name> }[ResourceName];

const RESOURCES: readonly AnyResource[] = [PODS, NAMESPACES, NETWORK_POLICIES, ownNode(NODE)];

function updatesOf(events: readonly DatastoreEvent[]): readonly Update[] {
  return events.flatMap((event) => (event.kind === "updates" ? event.updates : []));
}

/** Lists a cluster of that size through the adapter; gives what it tells beside the adapter's state. */
export function knownCluster(size: ClusterSize): {
  readonly cluster: KnownCluster;
  readonly updates: Update[];
} {
  const context = { nodeName: NODE, sharing: createSharing() };
  const reader = createModelReader({
    resources: RESOURCES.map(({ name }) => name),
    nodeName: NODE,
    client: { server: SERVER, notices: [] },
  });
  const updates: Update[] = [];
  const take = (events: readonly DatastoreEvent[]): void => {
    for (const update of updatesOf(events)) updates.push(update);
  };

  function list<Name extends ResourceName>(
    { name, watched, read }: ModelResource<Name>,
    objects: readonly ApiObject[],
  ): void {
    const records = createJsonLines(eventReader(watched.fields));
    take(reader.take(name, { kind: "listing" }));
    for (const object of objects) {
      records.feed(watchLine("ADDED", object));
      const event = readWatchEvent(records.take(), { read: (one) => read(one, context), server: SERVER });
      if (event.kind !== "change") throw new Error(`an object was read as ${event.kind}`);
      take(reader.take(name, { kind: "items", items: [event.change.item] }));
    }
    take(reader.take(name, { kind: "listed", version: "1" }));
    context.sharing.forget();
  }

  const objects = Map.groupBy(clusterObjects(size), ({ kind }) => kind);
  take(reader.begin());
  for (const resource of RESOURCES)
    list(resource as ModelResource<ResourceName>, objects.get(resource.watched.kind) ?? []);
  if (!reader.inSync) throw new Error(`the listed cluster is not in sync: ${JSON.stringify(reader.status)}`);

  const records = createJsonLines(eventReader(PODS.watched.fields));
  const options = { read: (object: unknown) => PODS.read(object, context), server: SERVER };
  const cluster: KnownCluster = {
    podLine(bytes, laps) {
      records.feed(bytes);
      const line = records.take();
      laps.lap("read the line's fields");
      const event: WatchEvent<ModelItem<ResourceValues["pods"]>> = readWatchEvent(line, options);
      laps.lap("make the model's endpoint");
      if (event.kind !== "change") throw new Error(`a pod's line was read as ${event.kind}`);
      const told = reader.take("pods", { kind: "changes", changes: [event.change], noticedAt: 0 });
      const found = updatesOf(told);
      laps.lap("compare with the store");
      return found;
    },
  };
  return { cluster, updates };
}
