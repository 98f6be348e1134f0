import * as v from "valibot";
import type { Cidr } from "../model/cidr.ts";
import { type EndpointRecord, EndpointRecordSchema } from "./endpoint-record.ts";

/**
 * The language of the agent's socket: one JSON object a line, requests and answers in turn. The plugin is replaced before or
 * after the agent, so an agent understands the previous version, too, and says which ones it does where it is asked in another.
 */
export const PROTOCOL_VERSION = 1;
export const UNDERSTOOD_VERSIONS: readonly number[] = [PROTOCOL_VERSION];

/** What this node is to its pods. */
export interface NodeFacts {
  readonly name: string;
  /** Empty: the node has none. */
  readonly podCidrs: readonly Cidr[];
  /** Bytes, for pods, as the host's links and routes suggest. */
  readonly mtu: number;
}

export type RequestBody =
  /** How is the agent? Answered at once by `state`. */
  | { readonly kind: "state" }
  /** Answered by `node` once the datastore was read whole; before that by any number of `waiting`. */
  | { readonly kind: "node" }
  /** The container's rules are wanted in the kernel: `waiting` any number of times, then `programmed` or `refused`. */
  | { readonly kind: "add"; readonly record: EndpointRecord }
  /** Whether the container's rules are in the kernel now: `programmed`, `waiting` or `refused`, once. */
  | { readonly kind: "check"; readonly containerId: string }
  /** The container is going: `deleted`, also where nobody knew it, once its interface is closed. */
  | { readonly kind: "delete"; readonly containerId: string };

export type Request = RequestBody & { readonly version: number };

export type Answer =
  /** `waitingFor`: what the agent waits for before it can serve; absent: nothing. */
  | { readonly kind: "state"; readonly waitingFor?: string; readonly node?: NodeFacts }
  | { readonly kind: "node"; readonly node: NodeFacts }
  /** The next answer may be long in coming: for what, in words. */
  | { readonly kind: "waiting"; readonly for: string }
  | { readonly kind: "programmed" }
  /** No waiting mends it. */
  | { readonly kind: "refused"; readonly found: string; readonly next: string }
  | { readonly kind: "deleted" }
  /** The request was of a version, or of a kind, that this agent does not know. */
  | { readonly kind: "misunderstood"; readonly understood: readonly number[] };

const VERSION = { version: v.literal(PROTOCOL_VERSION) };
const CONTAINER = { containerId: v.string() };

export const RequestSchema: v.GenericSchema<unknown, Request> = v.variant("kind", [
  v.object({ ...VERSION, kind: v.literal("state") }),
  v.object({ ...VERSION, kind: v.literal("node") }),
  v.object({ ...VERSION, kind: v.literal("add"), record: EndpointRecordSchema }),
  v.object({ ...VERSION, kind: v.literal("check"), ...CONTAINER }),
  v.object({ ...VERSION, kind: v.literal("delete"), ...CONTAINER }),
]);

const CIDR = v.pipe(
  v.string(),
  v.transform((text) => text as Cidr),
);

const NODE = v.object({ name: v.string(), podCidrs: v.array(CIDR), mtu: v.number() });

export const AnswerSchema: v.GenericSchema<unknown, Answer> = v.variant("kind", [
  v.object({
    kind: v.literal("state"),
    waitingFor: v.exactOptional(v.string()),
    node: v.exactOptional(NODE),
  }),
  v.object({ kind: v.literal("node"), node: NODE }),
  v.object({ kind: v.literal("waiting"), for: v.string() }),
  v.object({ kind: v.literal("programmed") }),
  v.object({ kind: v.literal("refused"), found: v.string(), next: v.string() }),
  v.object({ kind: v.literal("deleted") }),
  v.object({ kind: v.literal("misunderstood"), understood: v.array(v.number()) }),
]);
