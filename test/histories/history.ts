import type { ResourceName } from "../../adapters/kubernetes/store/object-store.ts";

/** An object as the API server sends it; only what identifies it is of interest here. */
export interface AnyObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string | null | undefined };
}

/** Something that happened to one object: its new state, or its last one when it was deleted. */
export interface Happening {
  readonly resource: ResourceName;
  readonly version: number;
  readonly object: AnyObject;
  readonly gone: boolean;
}

/** What somebody does to the cluster: writes an object, or deletes one of those that there are. */
export type Deed =
  | { readonly kind: "write"; readonly object: AnyObject }
  | { readonly kind: "delete"; readonly choice: number };

const RESOURCES: ReadonlyMap<string, ResourceName> = new Map([
  ["Pod", "pods"],
  ["Namespace", "namespaces"],
  ["NetworkPolicy", "networkpolicies"],
  ["Node", "nodes"],
]);

function nameOf({ kind, metadata }: AnyObject): string {
  return `${kind} ${metadata.namespace ?? ""}/${metadata.name}`;
}

function versioned(object: AnyObject, version: number): AnyObject {
  return {
    ...object,
    metadata: { ...object.metadata, resourceVersion: String(version) } as AnyObject["metadata"],
  };
}

/**
 * One version for all objects, as etcd has it; versions begin at 9 so that they differ in length soon. A deletion has a version
 * of its own, unless `old`: then it has the one of the object's last state, as some servers send it.
 */
export function happenings(deeds: readonly Deed[], old: boolean): Happening[] {
  const present = new Map<string, AnyObject>();
  const past: Happening[] = [];
  for (const deed of deeds) {
    const version = 9 + past.length;
    const written = deed.kind === "write" ? deed.object : [...present.values()][deed.choice % present.size];
    if (written === undefined) continue;
    const resource = RESOURCES.get(written.kind);
    if (resource === undefined) throw new Error(`no resource holds a ${written.kind}`);
    const object = deed.kind === "delete" && old ? written : versioned(written, version);
    if (deed.kind === "write") present.set(nameOf(object), object);
    else present.delete(nameOf(object));
    past.push({ resource, version, object, gone: deed.kind === "delete" });
  }
  return past;
}

/** The objects as they stood after the first `length` happenings. */
export function stateAfter(past: readonly Happening[], length: number): AnyObject[] {
  const present = new Map<string, AnyObject>();
  for (const { object, gone } of past.slice(0, length)) {
    if (gone) present.delete(nameOf(object));
    else present.set(nameOf(object), object);
  }
  return [...present.values()];
}

/** Those of one resource. */
export function ofResource(objects: readonly AnyObject[], resource: ResourceName): AnyObject[] {
  return objects.filter(({ kind }) => RESOURCES.get(kind) === resource);
}
