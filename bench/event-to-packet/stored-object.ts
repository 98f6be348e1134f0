import type { ApiObject } from "../../test/api-server/store.ts";

/** One key of etcd and what stands there. */
export interface StoredObject {
  readonly key: string;
  readonly value: string;
}

const RESOURCES: Readonly<Record<string, string>> = {
  Node: "minions",
  Namespace: "namespaces",
  Pod: "pods",
  NetworkPolicy: "networkpolicies",
};

/** An object as the API server keeps it. It writes protobuf where nobody asks for JSON, and reads both. */
export function storedObject(object: ApiObject, uid: string): StoredObject {
  const { kind, metadata } = object;
  const resource = RESOURCES[kind];
  if (resource === undefined) throw new RangeError(`no key of etcd is known for ${kind}`);
  const place = metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
  const stored = { ...object, metadata: { uid, creationTimestamp: "2026-01-01T00:00:00Z", ...metadata } };
  return { key: `/registry/${resource}/${place}`, value: JSON.stringify(stored) };
}
