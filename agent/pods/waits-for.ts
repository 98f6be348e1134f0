import type { Condition, PodLookUp } from "../../adapters/datastore.ts";
import type { EndpointRecord } from "../../handshake/endpoint-record.ts";
import { unreachable } from "../../model/unreachable.ts";
import { podOf, type Standing } from "./local-pods.ts";
import type { AgentStatus } from "../status.ts";

/** What came of looking a pod up; `unanswered`: nothing so far. */
export type LookedUp = PodLookUp | { readonly kind: "unanswered" };

function failures(conditions: readonly Condition[]): string[] {
  return conditions.flatMap(({ kind, text }) => (kind === "failure" ? [text] : []));
}

/** Why the agent does not know its pods yet, as people read it in the event of a pod that waits; undefined: it does. */
export function waitsForDatastore({ inSync, datastore, conditions }: AgentStatus): string | undefined {
  if (inSync) return undefined;
  if (datastore.kind === "waiting") return `the agent waits for ${datastore.for}; next: ${datastore.next}`;
  return failures(conditions)[0] ?? "the agent reads the datastore for the first time";
}

/** Why the agent serves no pod yet; undefined: it does. */
export function waitsForAgent(status: AgentStatus): string | undefined {
  if (!status.inSync) return waitsForDatastore(status);
  if (status.applied) return undefined;
  return status.failure === undefined
    ? "the agent's first rules are on their way into the kernel"
    : `the agent's first rules are not in the kernel: ${status.failure}`;
}

function named(record: EndpointRecord): string {
  return `pod ${podOf(record)}${record.uid === undefined ? "" : ` (UID ${record.uid})`}`;
}

function lookedUpText(looked: LookedUp | undefined, nodeName: string): string {
  if (looked === undefined) return "the agent does not know it yet";
  switch (looked.kind) {
    case "unanswered":
      return "the agent does not know it yet, and the API server has not answered so far";
    case "found":
      // Pods of this node have some.
      if (looked.uids.length === 0)
        return `it belongs to another node than ${nodeName}; set NODENAME to this machine's name`;
      return "the API server has it, and its watch has not told of it yet";
    case "absent":
      return "the API server does not have it";
    case "unreadable":
      return `the agent does not know it yet, and could not look it up: ${looked.because}; next: ${looked.next}`;
    default:
      return unreachable(looked);
  }
}

/** Of a pod that is known by its name, where the runtime did not say which one of that name it is. */
function anewText(looked: LookedUp | undefined): string {
  if (looked?.kind === "unanswered")
    return "the agent knows one of this name, and the API server has not said so far whether it is this one";
  if (looked?.kind === "absent") return "the API server does not have it any more";
  return looked?.kind === "unreadable"
    ? `the agent knows one of this name, and could not look up whether it is this one: ${looked.because}; next: ${looked.next}`
    : "the agent knows an older one of this name, and the watch has not told of the present one yet";
}

/** What a pod waits for whose agent is ready. */
export function waitsForPod(
  record: EndpointRecord,
  {
    standing,
    looked,
    status: { datastore },
    nodeName,
  }: {
    readonly standing: Standing;
    readonly looked: LookedUp | undefined;
    readonly status: AgentStatus;
    readonly nodeName: string;
  },
): string {
  const stale =
    datastore.kind === "stale"
      ? `; the datastore is stale since ${datastore.since.toISOString()}: ${datastore.because}`
      : "";
  switch (standing.kind) {
    case "unknown":
      return `${named(record)}: ${lookedUpText(looked, nodeName)}${stale}`;
    case "otherUid": {
      const known = `the agent knows one of this name with UID ${standing.uids.join(" or ")}`;
      return `${named(record)}: ${known}, and waits for the other${stale}`;
    }
    case "superseded":
      return `${named(record)}: container ${standing.by} was wired later; its deletion is waited for`;
    case "unaddressed":
      return `${named(record)}: it has no addresses yet`;
    case "replaced":
      return `${named(record)}: container ${record.containerId} was deleted or added anew`;
    case "wired":
      return `${named(record)}: ${anewText(looked)}${stale}`;
    default:
      return unreachable(standing);
  }
}
