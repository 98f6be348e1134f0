import type { Address } from "../../../model/address.ts";
import type { Endpoint, Namespace } from "../../../model/endpoint.ts";
import { fingerprint } from "../../../model/fingerprint.ts";
import type { Node } from "../../../model/node.ts";
import type { Policy } from "../../../model/policy.ts";
import type { Problem } from "../../../model/problem.ts";
import {
  type ObjectValue,
  type ReadObject,
  readObject,
  type ReadOptions,
} from "../../objects/read-object.ts";
import { isObject } from "../../objects/schema.ts";
import { readResourceVersion, type ResourceVersion } from "./resource-version.ts";
import type { Sharing } from "./sharing.ts";

/** One object of the API server in the model's words, and nothing else of it. */
export interface ModelItem<Value> {
  /** `NAMESPACE/NAME`, or NAME where there are no namespaces: by which two objects of a resource are the same one. */
  readonly key: string;
  readonly version: ResourceVersion;
  /** Undefined: policies are not about it, or nothing of it can be trusted. */
  readonly value: Value | undefined;
  readonly problems: readonly Problem[];
}

/** A namespace, and what its annotations isolate beside all policies. */
export interface NamespaceObject {
  readonly namespace: Namespace;
  readonly isolation: Policy | undefined;
}

/** Who is asking, and what equal values are shared with. */
export interface ModelContext {
  /** This node's name; undefined: no pod is local. */
  readonly nodeName: string | undefined;
  readonly sharing: Sharing;
}

const NO_ADDRESSES: readonly Address[] = [];
const NO_PROBLEMS: readonly Problem[] = [];

function keyOf(object: unknown): string {
  const metadata = isObject(object) && isObject(object["metadata"]) ? object["metadata"] : {};
  const { namespace, name } = metadata;
  if (typeof name !== "string") return `(nameless ${fingerprint(JSON.stringify(object) ?? "")})`;
  return typeof namespace === "string" && namespace !== "" ? `${namespace}/${name}` : name;
}

function versionOf(object: unknown): ResourceVersion {
  const metadata = isObject(object) ? object["metadata"] : undefined;
  return readResourceVersion(isObject(metadata) ? metadata["resourceVersion"] : undefined);
}

/** Where the server sent an object of another kind than it was asked for, as nobody should. */
function misplaced(read: ObjectValue & { readonly object: string }, wanted: string): Problem {
  return {
    where: read.object,
    path: "kind",
    value: "",
    message: `the API server listed it among ${wanted}`,
    consequence: "it is not read",
  };
}

function itemOf<Value>(
  object: unknown,
  read: ReadObject,
  { key = keyOf(object), value }: { key?: string | undefined; value: Value | undefined },
): ModelItem<Value> {
  const problems = read.problems.length === 0 ? NO_PROBLEMS : read.problems;
  return { key, version: versionOf(object), value, problems };
}

function strange(object: unknown, read: ReadObject, wanted: string): ModelItem<never> {
  const expected = read.kind === "ignored" || read.kind === "unreadable";
  const problems = expected ? read.problems : [...read.problems, misplaced(read, wanted)];
  return { key: keyOf(object), version: versionOf(object), value: undefined, problems };
}

/** The same endpoint with everything shared that can be. */
function sharedEndpoint(endpoint: Endpoint, sharing: Sharing): Endpoint {
  const [first, ...others] = endpoint.addresses;
  // One by one, not by spreading: objects that are built field by field take more room.
  const shared: Endpoint = {
    id: endpoint.id,
    namespace: sharing.text(endpoint.namespace),
    uidOrder: endpoint.uidOrder,
    labels: sharing.labels(endpoint.labels),
    addresses: first === undefined ? NO_ADDRESSES : others.length === 0 ? [first] : endpoint.addresses,
    ports: sharing.ports(endpoint.ports),
    attachment: endpoint.attachment,
    finished: endpoint.finished,
    deleting: endpoint.deleting,
    startedAt: endpoint.startedAt,
  };
  const { uids, finishedByAnnotation } = endpoint;
  if (uids === undefined && finishedByAnnotation === undefined) return shared;
  return { ...shared, ...(uids && { uids }), ...(finishedByAnnotation && { finishedByAnnotation }) };
}

function optionsOf({ nodeName }: ModelContext): ReadOptions {
  return { nodeName, podsWithoutNode: "nowhere" };
}

/** A Pod. Of one on its node's network, and of one that cannot be read, no value is left. */
export function podItem(object: unknown, context: ModelContext): ModelItem<Endpoint> {
  const read = readObject(object, "", optionsOf(context));
  if (read.kind !== "endpoint") return strange(object, read, "pods");
  const value = sharedEndpoint(read.value, context.sharing);
  return itemOf(object, read, { key: value.id, value });
}

/** A NetworkPolicy. Whatever is wrong with it, a policy comes out. */
export function policyItem(object: unknown, context: ModelContext): ModelItem<Policy> {
  const read = readObject(object, "", optionsOf(context));
  if (read.kind !== "policy") return strange(object, read, "networkpolicies");
  return itemOf(object, read, { value: read.value });
}

/** A Namespace. */
export function namespaceItem(object: unknown, context: ModelContext): ModelItem<NamespaceObject> {
  const read = readObject(object, "", optionsOf(context));
  if (read.kind !== "namespace") return strange(object, read, "namespaces");
  const { value, isolation } = read;
  const namespace = { ...value, labels: context.sharing.labels(value.labels) };
  return itemOf(object, read, { value: { namespace, isolation } });
}

/** A Node; only this machine's has a value. */
export function nodeItem(object: unknown, context: ModelContext): ModelItem<Node> {
  const read = readObject(object, "", optionsOf(context));
  if (read.kind !== "node") return strange(object, read, "nodes");
  return itemOf(object, read, { value: read.value });
}
