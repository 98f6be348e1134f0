import type { PodLookUp } from "../adapters/datastore.ts";
import type { Settled } from "../dataplane/dataplane.ts";
import type { EndpointRecord } from "../handshake/endpoint-record.ts";
import type { Ruleset } from "../model/ruleset.ts";
import type { Bell } from "./bell.ts";
import { type LocalPods, podOf } from "./local-pods.ts";
import type { Caller } from "./plugin-connection.ts";
import { type Refusal, refusalOf } from "./pod-verdict.ts";
import type { AgentStatus } from "./status.ts";
import { type LookedUp, waitsForAgent, waitsForPod } from "./waits-for.ts";

export interface PodAdditionOptions {
  readonly localPods: LocalPods;
  readonly status: AgentStatus;
  /** Live. */
  readonly ruleset: Ruleset;
  /** What became of everything that was sent to the kernel before. */
  readonly carried: () => Promise<Settled>;
  /** Reads one pod from where pods come from; undefined: what is known is all there is. */
  readonly lookUp: ((record: EndpointRecord, gone: AbortSignal) => Promise<PodLookUp>) | undefined;
  /** For how long a look-up is no news, in milliseconds. Default: 1,000. */
  readonly lookUpSilence?: number;
  /** Rings when anything changed that a pod may wait for. */
  readonly changed: Bell;
  /** Forgets records whose files are gone. */
  readonly reconcile: () => void;
}

/** Whom a pod waits with, and how that is said. */
export interface Waiter {
  readonly caller: Caller;
  readonly wait: (text: string) => void;
}

/** How waiting for a pod ended: it has its network, it never will, or nobody waits any more. */
export type Outcome =
  | { readonly kind: "ready" }
  | { readonly kind: "gone" }
  | ({ readonly kind: "refused" } & Refusal);

/** Far longer than an API server needs that is well, and far shorter than a plugin's patience. */
const LOOK_UP_SILENCE = 1_000;

const READY: Outcome = { kind: "ready" };
const GONE: Outcome = { kind: "gone" };

function refused(found: string, next: string): Outcome {
  return { kind: "refused", found, next };
}

/** Waits for as long as there is a reason to; says whether anybody still listens. */
export async function untilServing(
  { status, changed }: Pick<PodAdditionOptions, "status" | "changed">,
  reason: (status: AgentStatus) => string | undefined,
  { caller, wait }: Waiter,
): Promise<boolean> {
  for (let text = reason(status); text !== undefined; text = reason(status)) {
    wait(text);
    await changed.next(caller.gone);
    if (caller.gone.aborted) return false;
  }
  return !caller.gone.aborted;
}

/** Tells what came of a look-up, and before that, where it takes long, that it does: a silent server's takes a minute. */
async function lookUpPatiently(
  answer: Promise<PodLookUp>,
  silence: number,
  tell: (looked: LookedUp) => void,
): Promise<void> {
  const timer = setTimeout(() => tell({ kind: "unanswered" }), silence);
  const found = await answer;
  clearTimeout(timer);
  tell(found);
}

/** Brings a pod whose record is laid over into the kernel. */
export function createPodAddition(
  options: PodAdditionOptions,
): (record: EndpointRecord, waiter: Waiter) => Promise<Outcome> {
  const { localPods, status, ruleset, carried, lookUp, changed, lookUpSilence = LOOK_UP_SILENCE } = options;

  /** The datastore's pod may be an older one of the same name: without a UID only a look-up tells. */
  function isSure(record: EndpointRecord, uids: readonly string[], looked: LookedUp | undefined): boolean {
    if (record.uid !== undefined || lookUp === undefined || looked?.kind === "unreadable") return true;
    return looked?.kind === "found" && looked.uids.some((uid) => uids.includes(uid));
  }

  async function untilKnown(record: EndpointRecord, { caller, wait }: Waiter): Promise<Outcome> {
    let asking: Promise<void> | undefined;
    let looked: LookedUp | undefined;
    for (;;) {
      if (caller.gone.aborted) return GONE;
      if (localPods.standing(record).kind === "superseded") options.reconcile();
      const standing = localPods.standing(record);
      if (standing.kind === "wired" && isSure(record, standing.endpoint.uids ?? [], looked)) return READY;
      if (standing.kind === "unaddressed") {
        return refused("the record has no addresses", "report it: a bug of the plugin");
      }
      if (standing.kind === "replaced") {
        const found = `container ${record.containerId} was deleted, or added anew, while it was waited for`;
        return refused(found, "nothing: what came later counts");
      }
      if (lookUp !== undefined && standing.kind !== "superseded") {
        asking ??= lookUpPatiently(lookUp(record, caller.gone), lookUpSilence, (found) => {
          looked = found;
          changed.ring();
        });
      }
      // A look-up that has just begun is no news: it ends soon.
      if (asking === undefined || looked !== undefined)
        wait(waitsForPod(record, { standing, looked, status }));
      await changed.next(caller.gone);
    }
  }

  async function untilInForce(record: EndpointRecord, waiter: Waiter): Promise<Outcome> {
    for (;;) {
      const settled = await carried();
      if (waiter.caller.gone.aborted) return GONE;
      if (settled.kind === "failed") {
        waiter.wait(
          `the kernel has not taken the rules of pod ${podOf(record)}: ${settled.found}; it is tried again`,
        );
        continue;
      }
      // Another container, or another pod of the name, may have come meanwhile.
      if (localPods.standing(record).kind !== "wired") {
        const outcome = await untilKnown(record, waiter);
        if (outcome.kind !== "ready") return outcome;
        continue;
      }
      const objects = settled.kind === "degraded" ? settled.refused : [];
      const refusal = refusalOf(record, { ruleset, refused: objects });
      return refusal === undefined ? READY : refused(refusal.found, refusal.next);
    }
  }

  return async (record, waiter) => {
    if (!(await untilServing(options, waitsForAgent, waiter))) return GONE;
    const known = await untilKnown(record, waiter);
    return known.kind === "ready" ? untilInForce(record, waiter) : known;
  };
}
