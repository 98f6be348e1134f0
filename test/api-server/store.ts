import type { ServedResource } from "./resources.ts";
import { servedKind } from "./resources.ts";

/** An object as a test writes it; the server adds the version, and a uid where there is none. */
export interface ApiObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** Text rather than objects: 150,000 pods of 3 kB have to fit, and to be sent again and again. */
export interface Stored {
  readonly key: string;
  readonly version: number;
  readonly uid: string;
  /** What field selectors ask for. */
  readonly fields: Readonly<Record<string, string>>;
  /** JSON without kind and apiVersion, as items of a list are written. */
  readonly text: string;
}

export type ChangeType = "ADDED" | "MODIFIED" | "DELETED";

export interface StoredChange {
  readonly resource: ServedResource;
  readonly version: number;
  readonly type: ChangeType;
  readonly object: Stored;
  /** What stood there before. */
  readonly previous: Stored | undefined;
}

export interface Snapshot {
  readonly version: number;
  readonly objects: ReadonlyMap<string, ReadonlyMap<string, Stored>>;
}

export function keyOf({ metadata }: ApiObject): string {
  return metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
}

function fieldValue(object: ApiObject, path: string): string | undefined {
  let value: unknown = object;
  for (const part of path.split(".")) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Object.entries(value).find(([name]) => name === part)?.[1];
  }
  return typeof value === "string" || typeof value === "boolean" ? String(value) : undefined;
}

function stored(object: ApiObject, resource: ServedResource, version: number, uid: string): Stored {
  const { kind: _kind, apiVersion: _apiVersion, metadata: given, ...rest } = object;
  const metadata = { ...given, uid, resourceVersion: String(version) };
  const fields: Record<string, string> = {
    "metadata.name": object.metadata.name,
    "metadata.namespace": object.metadata.namespace ?? "",
  };
  for (const [field, absent] of Object.entries(resource.fields)) {
    fields[field] = fieldValue(object, field) ?? absent;
  }
  return { key: keyOf(object), version, uid, fields, text: JSON.stringify({ metadata, ...rest }) };
}

/** The object's text under another version. */
export function textAt({ text }: Stored, version: number): string {
  const { metadata, ...rest } = JSON.parse(text) as ApiObject;
  return JSON.stringify({ metadata: { ...metadata, resourceVersion: String(version) }, ...rest });
}

/** The objects, one version for all of them as etcd has it, and the changes that watches may still ask for. */
export class ObjectStore {
  version = 1;
  /** Changes up to here are forgotten: a watch from before it is too old. */
  compacted = 0;
  #objects = new Map<string, Map<string, Stored>>();
  #log: StoredChange[] = [];
  readonly #listeners = new Set<(change: StoredChange) => void>();
  #uids = 0;

  all(resource: ServedResource): ReadonlyMap<string, Stored> {
    return this.#of(resource);
  }

  apply(object: ApiObject): Stored {
    const resource = servedKind(object.kind);
    const objects = this.#of(resource);
    const previous = objects.get(keyOf(object));
    const uid = object.metadata.uid ?? previous?.uid ?? `uid-${++this.#uids}`;
    const now = stored(object, resource, ++this.version, uid);
    objects.set(now.key, now);
    const type = previous === undefined ? "ADDED" : "MODIFIED";
    this.#tell({ resource, version: this.version, type, object: now, previous });
    return now;
  }

  /** Whether there was such an object. */
  remove(kind: string, key: string): boolean {
    const resource = servedKind(kind);
    const previous = this.#of(resource).get(key);
    if (previous === undefined) return false;
    this.#of(resource).delete(key);
    const version = ++this.version;
    // A deletion carries the last state under a version of its own.
    const text = textAt(previous, version);
    const object = { ...previous, version, text };
    this.#tell({ resource, version, type: "DELETED", object, previous });
    return true;
  }

  /** Changes after a version, oldest first. */
  since(version: number): readonly StoredChange[] {
    return this.#log.filter((change) => change.version > version);
  }

  listen(listener: (change: StoredChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  compact(upTo: number = this.version): void {
    this.compacted = upTo;
    this.#log = this.#log.filter((change) => change.version > upTo);
  }

  snapshot(): Snapshot {
    const objects = new Map([...this.#objects].map(([name, all]) => [name, new Map(all)]));
    return { version: this.version, objects };
  }

  /** Goes back to an older state and version; nobody is told, as with an etcd restored from a backup. */
  restore({ version, objects }: Snapshot): void {
    this.version = version;
    this.compacted = version;
    this.#log = [];
    this.#objects = new Map([...objects].map(([name, all]) => [name, new Map(all)]));
  }

  #of(resource: ServedResource): Map<string, Stored> {
    const found = this.#objects.get(resource.name);
    if (found !== undefined) return found;
    const made = new Map<string, Stored>();
    this.#objects.set(resource.name, made);
    return made;
  }

  #tell(change: StoredChange): void {
    this.#log.push(change);
    // A window as the watch cache's, so that 150,000 objects are not held twice.
    if (this.#log.length > 20_000) this.compact(this.#log[10_000]!.version);
    for (const listener of this.#listeners) listener(change);
  }
}
