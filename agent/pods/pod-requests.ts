import type { EndpointRecord } from "../../handshake/endpoint-record.ts";
import type { Request } from "../../handshake/messages.ts";
import type { Update } from "../../model/update.ts";
import { unreachable } from "../../model/unreachable.ts";
import { podOf } from "./local-pods.ts";
import type { Log } from "../log.ts";
import type { Caller } from "./plugin-connection.ts";
import { createPodAddition, type PodAdditionOptions, untilServing } from "./pod-addition.ts";
import { refusalOf } from "./pod-verdict.ts";
import { waitsForAgent, waitsForDatastore, waitsForPod } from "./waits-for.ts";

export interface PodRequestsOptions extends PodAdditionOptions {
  /** Sends updates on their way into the kernel. */
  readonly take: (updates: readonly Update[]) => void;
  /** A pod has its network. For what follows from it. */
  readonly wired: (record: EndpointRecord) => void;
  /** A pod that is being deleted has lost its network. */
  readonly unwired: (record: EndpointRecord) => void;
  readonly log: Log;
}

/** What the plugin asks, answered. */
export interface PodRequests {
  answer(request: Request, caller: Caller): Promise<void>;
  /** What pods that are being added wait for at this moment, by container. */
  readonly waiting: ReadonlyMap<string, string>;
}

function tenths(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}

/** Says what is waited for, once for as long as it is the same. */
function waitingTeller(caller: Caller, told: (text: string) => void = () => {}): (text: string) => void {
  let last: string | undefined;
  return (text) => {
    if (text === last) return;
    last = text;
    told(text);
    caller.tell({ kind: "waiting", for: text });
  };
}

export function createPodRequests(options: PodRequestsOptions): PodRequests {
  const { localPods, status, ruleset, take, carried, node, changed, log } = options;
  const bringAbout = createPodAddition(options);
  const waiting = new Map<string, string>();

  async function add(record: EndpointRecord, caller: Caller): Promise<void> {
    const began = performance.now();
    const { containerId, addresses } = record;
    take(localPods.put(record));
    changed.ring();
    const wait = waitingTeller(caller, (text) => void waiting.set(containerId, text));
    const outcome = await bringAbout(record, { caller, wait });
    const waitedFor = waiting.get(containerId);
    waiting.delete(containerId);
    const fields = {
      pod: podOf(record),
      container: containerId,
      interface: record.interface,
      addresses,
      milliseconds: tenths(performance.now() - began),
      ...(waitedFor !== undefined && { waitedFor }),
    };
    switch (outcome.kind) {
      case "ready":
        caller.tell({ kind: "programmed" });
        log.write("info", "pod added", fields);
        return options.wired(record);
      case "refused":
        caller.tell(outcome);
        return log.write("error", "pod refused", { ...fields, found: outcome.found, next: outcome.next });
      case "gone":
        return log.write("warning", "pod not added: the plugin has stopped waiting", fields);
      default:
        return unreachable(outcome);
    }
  }

  async function remove(containerId: string, caller: Caller): Promise<void> {
    const began = performance.now();
    const record = localPods.records.get(containerId);
    const standing = record && localPods.standing(record);
    // Any other pod may get another container, and whoever reads that it has no address must not take it for ended.
    const ends = standing?.kind === "wired" && standing.endpoint.deleting;
    const updates = localPods.forget(containerId);
    take(updates);
    changed.ring();
    const wait = waitingTeller(caller);
    // Before the first rules are in force there is nothing to close, and the plugin has a second to wait.
    while (updates.length > 0 && waitsForAgent(status) === undefined && !caller.gone.aborted) {
      const settled = await carried();
      if (settled.kind !== "failed") break;
      wait(`the kernel has not closed container ${containerId}: ${settled.found}; it is tried again`);
    }
    caller.tell({ kind: "deleted" });
    if (record === undefined) return;
    log.write("info", "pod deleted", {
      pod: podOf(record),
      container: containerId,
      milliseconds: tenths(performance.now() - began),
    });
    if (ends) options.unwired(record);
  }

  async function check(containerId: string, caller: Caller): Promise<void> {
    const record = localPods.records.get(containerId);
    if (record === undefined) {
      const found = `the agent does not know container ${containerId}`;
      return caller.tell({ kind: "refused", found, next: "delete its pod, so that it is made anew" });
    }
    const standing = localPods.standing(record);
    const obstacle = waitsForAgent(status) ?? status.failure;
    if (obstacle !== undefined) return caller.tell({ kind: "waiting", for: obstacle });
    const settled = standing.kind === "wired" ? await carried() : undefined;
    if (settled === undefined || settled.kind === "failed") {
      const text =
        settled?.found ?? waitsForPod(record, { standing, looked: undefined, status, nodeName: node().name });
      return caller.tell({ kind: "waiting", for: text });
    }
    const rules = ruleset();
    if (rules === undefined) return check(containerId, caller);
    const refused = settled.kind === "degraded" ? settled.refused : [];
    const refusal = refusalOf(record, { ruleset: rules, refused });
    caller.tell(refusal === undefined ? { kind: "programmed" } : { kind: "refused", ...refusal });
  }

  function tellState(caller: Caller): void {
    const waitingFor = waitsForAgent(status);
    caller.tell({
      kind: "state",
      ...(waitingFor !== undefined && { waitingFor }),
      ...(status.inSync && { node: node() }),
    });
  }

  async function tellNode(caller: Caller): Promise<void> {
    const waiter = { caller, wait: waitingTeller(caller) };
    if (await untilServing(options, waitsForDatastore, waiter)) caller.tell({ kind: "node", node: node() });
  }

  return {
    waiting,
    async answer(request, caller) {
      switch (request.kind) {
        case "state":
          return tellState(caller);
        case "node":
          return tellNode(caller);
        case "add":
          return add(request.record, caller);
        case "check":
          return check(request.containerId, caller);
        case "delete":
          return remove(request.containerId, caller);
        default:
          return unreachable(request);
      }
    },
  };
}
