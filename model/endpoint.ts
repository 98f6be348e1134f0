import type { Address } from "./address.ts";
import type { InterfaceName } from "./fingerprint.ts";
import type { Labels } from "./labels.ts";
import type { Named } from "./named.ts";
import type { Protocol } from "./protocol.ts";

/** `NAMESPACE/POD` for a workload. */
export type EndpointId = Named<"EndpointId">;

/** How this node's kernel knows the endpoint's packets. */
export type Attachment =
  /** The endpoint has a host interface of its own. */
  | { readonly kind: "interface"; readonly name: InterfaceName }
  /** It shares an interface (`through`, where known: a bridge of another CNI): only its addresses tell. */
  | { readonly kind: "address"; readonly through?: InterfaceName };

/** A container port with a name; names may repeat with other numbers or protocols. */
export interface NamedPort {
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
}

/** Something that policies select and that sends and receives packets: today a pod. */
export interface Endpoint {
  readonly id: EndpointId;
  readonly namespace: string;
  /** What uidOrder makes of its UID; 0 where the datastore has none. */
  readonly uidOrder: number;
  /** What this node's container runtime may call it: its UID, and a static pod's hash. Absent at endpoints of other nodes. */
  readonly uids?: readonly string[];
  readonly labels: Labels;
  /** Canonical, without repetition. Empty while unknown. */
  readonly addresses: readonly Address[];
  readonly ports: readonly NamedPort[];
  /** Undefined: not on this node. */
  readonly attachment: Attachment | undefined;
  /** Finished endpoints are nobody's peer and own no address; their interface stays closed. */
  readonly finished: boolean;
  /** It counts as finished only by what a CNI plugin wrote beside it. Absent at endpoints of other nodes. */
  readonly finishedByAnnotation?: true;
  /** Being deleted: loses its address to a live endpoint that claims it. */
  readonly deleting: boolean;
  /** Milliseconds since the epoch, 0 while unknown: of two live claims of an address the later start wins. */
  readonly startedAt: number;
  /** The CNI plugin on this node gave it its addresses: they are its own, whoever else claims them. */
  readonly wired?: true;
}

/** A group of endpoints with labels of its own. */
export interface Namespace {
  readonly name: string;
  readonly labels: Labels;
  /** Labels could not be read: no selector by namespace labels may match it. */
  readonly unreadable?: boolean;
}

export function endpointId(namespace: string, name: string): EndpointId {
  // A third smaller than what a template makes, which stays a rope of its parts.
  return [namespace, name].join("/") as EndpointId;
}
