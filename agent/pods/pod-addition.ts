import type { PodLookUp } from "../../adapters/datastore.ts";
import type { Settled } from "../../dataplane/dataplane.ts";
import type { EndpointRecord } from "../../handshake/endpoint-record.ts";
import type { NodeFacts } from "../../handshake/messages.ts";
import type { Ruleset } from "../../model/ruleset.ts";
import type { Bell } from "../bell.ts";
import { keepAsking } from "./keep-asking.ts";
import { type LocalPods, podOf, type Standing } from "./local-pods.ts";
import type { Caller } from "./plugin-connection.ts";
import { type Refusal, refusalOf } from "./pod-verdict.ts";
import type { AgentStatus } from "../status.ts";
import { type LookedUp, waitsForAgent, waitsForPod } from "./waits-for.ts";

export interface PodAdditionOptions {
  readonly localPods: LocalPods;
  readonly status: AgentStatus;
  /** Undefined: a change is half in it, and what the next pass comes to tells more. */
  readonly ruleset: () => Ruleset | undefined;
  /** What became of everything that was sent to the kernel before. */
  readonly carried: () => Promise<Settled>;
  /** Reads one pod from where pods come from; undefined: what is known is all there is. */
  readonly lookUp: ((record: EndpointRecord, gone: AbortSignal) => Promise<PodLookUp>) | undefined;
  /** For how long a look-up is no news, in milliseconds. Default: 1,000. */
  readonly lookUpSilence?: number;
  /** From a look-up that settled nothing to the next, in milliseconds. Default: 2,000. */
  readonly lookUpAgain?: number;
  /** Rings when anything changed that a pod may wait for. */
  readonly changed: Bell;
  /** Forgets containers that have gone without a word; says whether there were any. */
  readonly reconcile: () => boolean;
  readonly node: () => NodeFacts;
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
const LOOK_UP_AGAIN = 2_000;

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

/** Brings a pod whose record is laid over into the kernel. */
export function createPodAddition(
  options: PodAdditionOptions,
): (record: EndpointRecord, waiter: Waiter) => Promise<Outcome> {
  const { localPods, status, ruleset, carried, lookUp, changed } = options;
  const { lookUpSilence: silence = LOOK_UP_SILENCE, lookUpAgain: again = LOOK_UP_AGAIN } = options;

  /**
   * The datastore's pod may be an older one of the same name: without a UID only a look-up tells. While the datastore is away
   * the known pod is taken, unless something says that it has gone.
   */
  function isSure(
    record: EndpointRecord,
    { endpoint, follows }: Extract<Standing, { readonly kind: "wired" }>,
    looked: LookedUp | undefined,
  ): boolean {
    if (record.uid !== undefined || lookUp === undefined) return true;
    if (looked?.kind === "unreadable")
      return status.datastore.kind === "stale" && !endpoint.deleting && !follows;
    return looked?.kind === "found" && looked.uids.some((uid) => endpoint.uids?.includes(uid) === true);
  }

  async function untilKnown(record: EndpointRecord, waiter: Waiter): Promise<Outcome> {
    const ended = new AbortController();
    try {
      return await knownWhile(record, waiter, AbortSignal.any([waiter.caller.gone, ended.signal]));
    } finally {
      ended.abort();
    }
  }

  async function knownWhile(
    record: EndpointRecord,
    { caller, wait }: Waiter,
    wanted: AbortSignal,
  ): Promise<Outcome> {
    let asking: Promise<void> | undefined;
    let looked: LookedUp | undefined;
    function told(found: LookedUp): void {
      looked = found;
      changed.ring();
    }
    for (;;) {
      if (caller.gone.aborted) return GONE;
      if (localPods.standing(record).kind === "superseded") options.reconcile();
      const standing = localPods.standing(record);
      if (standing.kind === "wired" && isSure(record, standing, looked)) return READY;
      if (standing.kind === "unaddressed") {
        return refused("the record has no addresses", "report it: a bug of the plugin");
      }
      if (standing.kind === "replaced") {
        const found = `container ${record.containerId} was deleted, or added anew, while it was waited for`;
        return refused(found, "nothing: what came later counts");
      }
      if (lookUp !== undefined && standing.kind !== "superseded") {
        const ask = (gone: AbortSignal): Promise<PodLookUp> => lookUp(record, gone);
        asking ??= keepAsking({ lookUp: ask, wanted, told, silence, again });
      }
      // A look-up that has just begun is no news: it ends soon.
      if (asking === undefined || looked !== undefined)
        wait(waitsForPod(record, { standing, looked, status, nodeName: options.node().name }));
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
      const rules = ruleset();
      if (rules === undefined) continue;
      const objects = settled.kind === "degraded" ? settled.refused : [];
      const refusal = refusalOf(record, { ruleset: rules, refused: objects });
      // Who stands in the way may have gone while nobody could tell us.
      if (refusal !== undefined && options.reconcile()) continue;
      return refusal === undefined ? READY : refused(refusal.found, refusal.next);
    }
  }

  return async (record, waiter) => {
    if (!(await untilServing(options, waitsForAgent, waiter))) return GONE;
    const known = await untilKnown(record, waiter);
    return known.kind === "ready" ? untilInForce(record, waiter) : known;
  };
}
