import { type Endpoint, endpointId } from "../../model/endpoint.ts";
import { podInterfaceName } from "../../model/fingerprint.ts";
import type { Labels } from "../../model/labels.ts";
import { uidOrder } from "../../model/uid-order.ts";
import { type Defect, describe } from "./defect.ts";
import { readLabels } from "./labels.ts";
import { readIdentity } from "./metadata.ts";
import { POD_IP_ANNOTATION, type ReadAddresses, readAddresses } from "./pod-addresses.ts";
import { readPorts } from "./pod-ports.ts";
import type { ReadOptions } from "./read-options.ts";
import { isObject } from "./schema.ts";

type Fields = Readonly<Record<string, unknown>>;

const CLOSED = "the pod is nobody's peer and its interface stays closed";
const METADATA = { path: "metadata", consequence: CLOSED };
const LABELS = { path: "metadata.labels", consequence: CLOSED };
const SPEC = { path: "spec", consequence: CLOSED };
const STATUS = { path: "status", consequence: "the pod is without addresses" };
const ANNOTATIONS = { path: "metadata.annotations", consequence: "the annotations are not read" };
const START_TIME = {
  path: "status.startTime",
  consequence: "of two pods with one address this one loses",
};
const NO_FIELDS: Fields = {};
const NO_ADDRESSES: ReadAddresses = { addresses: [], defects: [] };
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i;

/** What a static pod's kubelet calls it, and the runtime too: the API server's UID is that of a mirror of it. */
export const STATIC_POD_ANNOTATION = "kubernetes.io/config.hash";

export type ReadPod =
  | { readonly kind: "endpoint"; readonly value: Endpoint; readonly defects: readonly Defect[] }
  | { readonly kind: "ignored"; readonly reason: string; readonly defects: readonly Defect[] }
  | { readonly kind: "unreadable"; readonly defects: readonly Defect[] };

/** An object below the pod; absent and null are the empty one, anything else a defect. */
function part(value: unknown, at: { path: string; consequence: string }, defects: Defect[]): Fields {
  if (value === undefined || value === null) return NO_FIELDS;
  if (isObject(value)) return value;
  defects.push({ ...at, value: describe(value), message: "expected an object" });
  return {};
}

function readTime(value: unknown, at: { path: string; consequence: string }, defects: Defect[]): number {
  if (value === undefined || value === null) return 0;
  const time = typeof value === "string" && RFC3339.test(value) ? Date.parse(value) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  const message = "expected a time such as 2024-01-31T12:00:00Z";
  defects.push({ ...at, value: describe(value), message });
  return 0;
}

function isHere(spec: Fields, { nodeName: node, podsWithoutNode }: ReadOptions, defects: Defect[]): boolean {
  const nodeName = spec["nodeName"] ?? "";
  if (typeof nodeName !== "string") {
    const [path, message, consequence] = [
      "spec.nodeName",
      "expected text",
      "the pod counts as one of another node",
    ];
    defects.push({ path, value: describe(nodeName), message, consequence });
    return false;
  }
  return nodeName === "" ? podsWithoutNode !== "nowhere" : nodeName === node;
}

/** What decides whether there is an endpoint at all: undefined where it cannot be read. */
function readBasis(
  value: Fields,
  metadata: Fields,
  defects: Defect[],
): { labels: Labels; spec: Fields; hostNetwork: boolean } | undefined {
  const found = readLabels(metadata["labels"], LABELS);
  if (!found.ok) defects.push(...found.defects);
  const spec = part(value["spec"], SPEC, defects);
  const hostNetwork = spec["hostNetwork"] ?? false;
  if (typeof hostNetwork !== "boolean") {
    const [path, message] = ["spec.hostNetwork", "expected true or false"];
    defects.push({ path, value: describe(hostNetwork), message, consequence: CLOSED });
  }
  if (!found.ok || defects.length > 0) return undefined;
  return { labels: found.value, spec, hostNetwork: hostNetwork === true };
}

/** The API server's UID first. */
function readUids(uid: unknown, annotations: Fields): readonly string[] {
  const hash = Object.hasOwn(annotations, STATIC_POD_ANNOTATION)
    ? annotations[STATIC_POD_ANNOTATION]
    : undefined;
  return [uid, hash].filter((one) => typeof one === "string" && one !== "") as string[];
}

/**
 * A Pod (v1). Unreadable labels make it no endpoint at all, since nobody can tell who selects it; an address, port or
 * time that cannot be read is left out.
 */
export function readPod(value: Fields, options: ReadOptions): ReadPod {
  const { namespace, name, defects: nameless } = readIdentity(value, CLOSED);
  if (nameless.length > 0) return { kind: "unreadable", defects: nameless };
  const metadata = part(value["metadata"], METADATA, []);
  const defects: Defect[] = [];
  const basis = readBasis(value, metadata, defects);
  if (basis === undefined) return { kind: "unreadable", defects };
  if (basis.hostNetwork) {
    const reason = "it uses its node's network: policies neither select it nor name it as a peer";
    return { kind: "ignored", reason, defects };
  }
  const status = part(value["status"], STATUS, defects);
  const annotations = part(metadata["annotations"], ANNOTATIONS, defects);
  const statusKnown = isObject(value["status"] ?? {});
  const deletion = metadata["deletionTimestamp"] ?? "";
  const deleting = deletion !== "";
  const emptied = Object.hasOwn(annotations, POD_IP_ANNOTATION) && annotations[POD_IP_ANNOTATION] === "";
  const { phase } = status;
  const ended = phase === "Succeeded" || phase === "Failed";
  const finished = ended || (deleting && emptied);
  const found = finished || !statusKnown ? NO_ADDRESSES : readAddresses(status, annotations);
  const here = isHere(basis.spec, options, defects);
  const ports = readPorts(basis.spec);
  defects.push(...found.defects, ...ports.defects);
  const uid = metadata["uid"];
  const endpoint: Endpoint = {
    id: endpointId(namespace, name),
    namespace,
    uidOrder: typeof uid === "string" ? uidOrder(uid) : 0,
    labels: basis.labels,
    addresses: found.addresses,
    ports: ports.ports,
    attachment: here ? { kind: "interface", name: podInterfaceName(namespace, name) } : undefined,
    finished,
    deleting,
    startedAt: readTime(status["startTime"], START_TIME, defects),
  };
  if (!here) return { kind: "endpoint", value: endpoint, defects };
  // Of a large cluster's other pods nobody asks it.
  const uids = readUids(uid, annotations);
  const local: Endpoint = {
    ...endpoint,
    ...(uids.length > 0 && { uids }),
    // On its own node our plugin knows better: the annotation may be a former container's.
    ...(finished && !ended && { finishedByAnnotation: true }),
  };
  return { kind: "endpoint", value: local, defects };
}
