import type { EndpointRecord } from "../../handshake/endpoint-record.ts";
import { type Endpoint, type EndpointId, endpointId } from "../../model/endpoint.ts";
import type { Update } from "../../model/update.ts";

/** What stands between a record and its pod's network. */
export type Standing =
  /**
   * The record gives this endpoint its addresses. `follows`: since the datastore told of this pod another container of its
   * name was deleted or lost its interface, so that this one may be of a newer pod.
   */
  | { readonly kind: "wired"; readonly endpoint: Endpoint; readonly follows: boolean }
  /** The datastore has no such pod on this node. */
  | { readonly kind: "unknown" }
  /** The datastore's pod of this name is another one. */
  | { readonly kind: "otherUid"; readonly uids: readonly string[] }
  /** A later container of the pod has taken over. */
  | { readonly kind: "superseded"; readonly by: string }
  /** The record is not remembered any more: its container was deleted, or added anew. */
  | { readonly kind: "replaced" }
  /** The record has no addresses: work is under way. */
  | { readonly kind: "unaddressed" };

/** Pods of this node as the datastore has them, with what the CNI plugin did laid over. */
export interface LocalPods {
  /** The updates with the addresses that records give. */
  place(updates: readonly Update[]): readonly Update[];
  /** Puts a record in the place of its container's earlier one; gives the endpoints that are others now. */
  put(record: EndpointRecord): readonly Update[];
  /** The container is gone; gives the endpoints that are others now. */
  forget(containerId: string): readonly Update[];
  /** By container. */
  readonly records: ReadonlyMap<string, EndpointRecord>;
  standing(record: EndpointRecord): Standing;
  /** What the datastore itself calls the record's pod; undefined: it does not have that pod, or its pods have no UIDs. */
  uid(record: EndpointRecord): string | undefined;
}

/** Pods whose container was deleted: `POD UID` and, for endpoints without UID, `POD *`. */
export type DeletedPods = ReadonlySet<string>;

/** Far more than a node's pods: what falls out was deleted so long ago that the API has forgotten it, too. */
const MOST_DELETED = 10_000;
const ANY_UID = "*";
/** Stands for a record that did not say: every pod of the name. */
const NO_UID = "?";

const NO_UPDATES: readonly Update[] = [];

export function podOf({ namespace, pod }: EndpointRecord): EndpointId {
  return endpointId(namespace, pod);
}

/** A manifest has no UID to compare: then the name is all there is. */
function isPodOf({ uids = [] }: Endpoint, { uid }: EndpointRecord): boolean {
  return uid === undefined || uids.length === 0 || uids.includes(uid);
}

/** What a deleted container leaves behind. */
function deletedMarks(record: EndpointRecord): string[] {
  const id = podOf(record);
  return [`${id} ${record.uid ?? NO_UID}`, `${id} ${ANY_UID}`];
}

function isDeleted({ id, uids = [] }: Endpoint, deleted: DeletedPods): boolean {
  const names = uids.length === 0 ? [ANY_UID] : [NO_UID, ...uids];
  return names.some((name) => deleted.has(`${id} ${name}`));
}

function isLater(a: EndpointRecord, b: EndpointRecord): boolean {
  return a.createdAt === b.createdAt ? a.containerId > b.containerId : a.createdAt > b.createdAt;
}

/** The record that counts for a pod: of those with addresses the latest. */
function latestRecord(records: Iterable<EndpointRecord>): EndpointRecord | undefined {
  let latest: EndpointRecord | undefined;
  for (const record of records) {
    if (record.addresses.length === 0) continue;
    if (latest === undefined || isLater(record, latest)) latest = record;
  }
  return latest;
}

/**
 * An endpoint of this node as it is to be programmed. Where the plugin wired the pod, only the plugin knows its addresses:
 * the API's come late, and stay when a container is replaced. A pod that no record tells of keeps the API's: another CNI
 * plugin, or a person, wired it.
 */
export function recordedEndpoint(
  endpoint: Endpoint,
  { latest, deleted }: { readonly latest: EndpointRecord | undefined; readonly deleted: DeletedPods },
): Endpoint {
  if (latest === undefined) return isDeleted(endpoint, deleted) ? { ...endpoint, addresses: [] } : endpoint;
  if (!isPodOf(endpoint, latest)) return { ...endpoint, addresses: [] };
  return {
    ...endpoint,
    addresses: latest.addresses,
    // The annotation may be a former container's: this one stands.
    finished: endpoint.finished && endpoint.finishedByAnnotation !== true,
    attachment: { kind: "interface", name: latest.interface },
    wired: true,
  };
}

/** @param holds whether the container has its interface, as the kernel tells it. */
export function createLocalPods(holds: (record: EndpointRecord) => boolean = () => false): LocalPods {
  const records = new Map<string, EndpointRecord>();
  const ofPod = new Map<EndpointId, Map<string, EndpointRecord>>();
  const endpoints = new Map<EndpointId, Endpoint>();
  const deleted = new Set<string>();
  /** Containers that went while the endpoint was known; two of them tell whether any went before a third. */
  const gone = new Map<EndpointId, readonly string[]>();

  function latestOf(id: EndpointId): EndpointRecord | undefined {
    return latestRecord(ofPod.get(id)?.values() ?? []);
  }

  function recorded(endpoint: Endpoint): Endpoint {
    return recordedEndpoint(endpoint, { latest: latestOf(endpoint.id), deleted });
  }

  function placed(update: Update): Update {
    if (update.kind !== "endpoint") return update;
    const { id, value } = update;
    if (value?.attachment === undefined) {
      endpoints.delete(id);
      gone.delete(id);
      return update;
    }
    if (endpoints.get(id)?.uids?.[0] !== value.uids?.[0]) gone.delete(id);
    endpoints.set(id, value);
    return { ...update, value: recorded(value) };
  }

  function updated(id: EndpointId): readonly Update[] {
    const endpoint = endpoints.get(id);
    return endpoint === undefined ? NO_UPDATES : [{ kind: "endpoint", id, value: recorded(endpoint) }];
  }

  function remove(containerId: string): EndpointRecord | undefined {
    const record = records.get(containerId);
    if (record === undefined) return undefined;
    records.delete(containerId);
    const id = podOf(record);
    const siblings = ofPod.get(id);
    siblings?.delete(containerId);
    if (siblings?.size === 0) ofPod.delete(id);
    return record;
  }

  function markGone(record: EndpointRecord): void {
    const id = podOf(record);
    const known = gone.get(id) ?? [];
    if (endpoints.has(id) && known.length < 2 && !known.includes(record.containerId))
      gone.set(id, [...known, record.containerId]);
  }

  function markDeleted(record: EndpointRecord): void {
    for (const mark of deletedMarks(record)) {
      deleted.delete(mark);
      deleted.add(mark);
    }
    for (const oldest of deleted) {
      if (deleted.size <= MOST_DELETED) break;
      deleted.delete(oldest);
    }
  }

  return {
    records,
    place: (updates) => updates.map(placed),
    put(record) {
      const before = remove(record.containerId);
      const id = podOf(record);
      records.set(record.containerId, record);
      const siblings = ofPod.get(id) ?? new Map<string, EndpointRecord>();
      for (const sibling of siblings.values()) if (isLater(record, sibling)) markGone(sibling);
      ofPod.set(id, siblings.set(record.containerId, record));
      const moved = before !== undefined && podOf(before) !== id ? updated(podOf(before)) : NO_UPDATES;
      return [...moved, ...updated(id)];
    },
    forget(containerId) {
      const record = remove(containerId);
      if (record === undefined) return NO_UPDATES;
      markDeleted(record);
      markGone(record);
      // A pod has one interface: the containers before this one lost it, and have none to come back to. A clock that was set
      // back calls the later one earlier; that one has the interface.
      for (const sibling of ofPod.get(podOf(record))?.values() ?? []) {
        if (isLater(record, sibling) && !holds(sibling)) remove(sibling.containerId);
      }
      return updated(podOf(record));
    },
    uid(record) {
      const endpoint = endpoints.get(podOf(record));
      return endpoint !== undefined && isPodOf(endpoint, record) ? endpoint.uids?.[0] : undefined;
    },
    standing(record) {
      const id = podOf(record);
      if (records.get(record.containerId) !== record) return { kind: "replaced" };
      const latest = latestOf(id);
      if (record.addresses.length === 0 || latest === undefined) return { kind: "unaddressed" };
      if (latest !== record) return { kind: "superseded", by: latest.containerId };
      const endpoint = endpoints.get(id);
      if (endpoint === undefined) return { kind: "unknown" };
      if (!isPodOf(endpoint, record)) return { kind: "otherUid", uids: endpoint.uids ?? [] };
      const follows = (gone.get(id) ?? []).some((containerId) => containerId !== record.containerId);
      return { kind: "wired", endpoint: recorded(endpoint), follows };
    },
  };
}
