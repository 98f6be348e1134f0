import { setImmediate } from "node:timers/promises";
import type { Ruleset, Touched } from "../../model/ruleset.ts";
import type { Dataplane, DataplaneStatus, Settled } from "../dataplane.ts";
import { adoptTable, neverInstalled } from "./adoption.ts";
import { tryEpoch, tryRevision } from "./driver-attempts.ts";
import { buryLeftovers, deleteSome } from "./driver-removal.ts";
import { type DriverState, type NftDataplaneOptions, takePending } from "./driver-state.ts";
import { highestEpoch, inventoryOf } from "./inventory.ts";
import { lookAgain } from "./driver-table.ts";
import { addTouched, mergePending } from "./touched.ts";
import { createTransactions } from "./transactions.ts";
import type { NftWriter } from "./writer.ts";

export type { NftDataplaneOptions } from "./driver-state.ts";

const DEFAULTS: NftDataplaneOptions = {
  endpointToHost: "accept",
  dropInvalid: true,
  dropMidStream: true,
  foreignInterfaces: false,
  unknownEndpoint: "drop",
  graceMilliseconds: 180_000,
  clock: () => performance.now(),
  pause: () => setImmediate(),
  linger: () => Bun.sleep(10),
  onRefused: () => {},
};

const ATTEMPTS = 8;
/** So often a revision is tried without what was refused, before everything is built anew. */
const REVISIONS = 3;
/** So often a revision begins again because the wish changed while it was planned. */
const STALE = 2;

/** What one wish came to: the reason where it could not be brought about. */
type Outcome =
  | { readonly ok: true; readonly rebuilt: boolean }
  | { readonly ok: false; readonly found: string };

class NftDataplane implements Dataplane {
  readonly #state: DriverState;
  /** Settles, and between them what is left of former ones. */
  #queue: Promise<unknown> = Promise.resolve();
  #tidying: Promise<void> | undefined;
  #closed = false;

  constructor(writer: NftWriter, options: NftDataplaneOptions) {
    const adoption = adoptTable(writer);
    const inventory = inventoryOf(adoption.found);
    const { clock, pause } = options;
    const grace = neverInstalled(adoption) && options.graceMilliseconds > 0;
    this.#state = {
      options,
      writer,
      adoption,
      transactions: createTransactions({ writer, inventory, clock, pause }),
      foundEpoch: highestEpoch(inventory),
      refused: new Map(),
      ruleset: undefined,
      pending: undefined,
      memory: undefined,
      inForceAt: -Infinity,
      rebuild: true,
      littered: false,
      graves: [],
      graceEndsAt: grace ? Infinity : undefined,
      lastError: undefined,
    };
  }

  want(ruleset: Ruleset, touched: Touched | undefined): void {
    this.#state.ruleset = ruleset;
    this.#state.pending = addTouched(this.#state.pending, touched);
  }

  resync(): void {
    this.#state.rebuild = true;
    if (this.#state.ruleset !== undefined) this.#state.pending = { kind: "everything" };
  }

  async settle(): Promise<Settled> {
    try {
      return await this.#enqueue(() => this.#settle());
    } finally {
      if (this.#state.littered) buryLeftovers(this.#state);
      this.#tidying ??= this.#tidy();
    }
  }

  async tidied(): Promise<void> {
    await this.#queue;
    while (this.#tidying !== undefined) await this.#tidying;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#queue;
  }

  #enqueue<Result>(work: () => Promise<Result> | Result): Promise<Result> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => {});
    return done;
  }

  /** Deletes what is buried, a little at a time: a change that comes meanwhile waits for one short transaction at most. */
  async #tidy(): Promise<void> {
    const state = this.#state;
    for (;;) {
      await this.#queue;
      const [grave] = state.graves;
      if (grave === undefined || this.#closed) break;
      await grave.ripe;
      const goesOn = await this.#enqueue(
        () => this.#closed || !state.graves.includes(grave) || deleteSome(state, grave),
      );
      if (!goesOn) break;
      await state.options.pause();
    }
    this.#tidying = undefined;
  }

  get status(): DataplaneStatus {
    const { adoption, memory, transactions, refused, lastError, graceEndsAt } = this.#state;
    const { inventory } = transactions;
    const grace = memory?.mirrored ?? false;
    return {
      epoch: memory?.names.epoch,
      ownership: adoption.ownership,
      ownershipNote: adoption.note,
      lastError,
      refused: [...refused.values()],
      grace,
      graceEndsAt: grace ? graceEndsAt : undefined,
      chains: inventory.chains.size,
      sets: inventory.sets.size,
      elements: inventory.elements,
    };
  }

  async #settle(): Promise<Settled> {
    const state = this.#state;
    const { clock } = state.options;
    const began = clock();
    const sentBefore = state.transactions.sent;
    let rebuilt = false;
    if (state.rebuild) lookAgain(state);
    while (this.#isDue()) {
      const outcome = await this.#bringAbout();
      if (!outcome.ok) {
        state.lastError = outcome.found;
        const next = "what was in force still is; the next settle tries again";
        return { kind: "failed", tried: "bring the wish into the kernel", found: outcome.found, next };
      }
      rebuilt ||= outcome.rebuilt;
    }
    const commands = state.transactions.sent - sentBefore;
    const changed = { commands, milliseconds: clock() - began, inForceAt: Math.max(began, state.inForceAt) };
    const refused = [...state.refused.values()];
    if (refused.length > 0) return { kind: "degraded", ...changed, refused };
    return commands === 0 ? { kind: "unchanged" } : { kind: "applied", ...changed, rebuilt };
  }

  #graceIsOver(): boolean {
    const { memory, options, graceEndsAt } = this.#state;
    return memory?.mirrored === true && options.clock() >= (graceEndsAt ?? 0);
  }

  #isDue(): boolean {
    const { ruleset, pending, rebuild } = this.#state;
    return ruleset !== undefined && (pending !== undefined || rebuild || this.#graceIsOver());
  }

  async #bringAbout(): Promise<Outcome> {
    const state = this.#state;
    let taken = takePending(state);
    let whole = state.rebuild || this.#graceIsOver();
    let stale = 0;
    let found = "";
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const touched = taken?.kind === "some" ? taken.touched : undefined;
      const result = whole
        ? await tryEpoch(state)
        : await tryRevision(state, { touched, patient: stale < STALE });
      if (result.kind === "done") return { ok: true, rebuilt: result.rebuilt };
      if (result.kind === "stale") {
        stale++;
        taken = mergePending(taken, takePending(state));
        continue;
      }
      found = result.found;
      if (result.kind === "failed") break;
      taken = { kind: "everything" };
      whole ||= result.whole || attempt - stale >= REVISIONS;
    }
    state.rebuild ||= whole;
    state.pending = { kind: "everything" };
    return { ok: false, found };
  }
}

/**
 * Takes the table over (throws TableRefusedError if it cannot), and changes no verdict before the first settle. The
 * rules stay when the process ends; the writer is the caller's to close.
 */
export function openNftDataplane(writer: NftWriter, options: Partial<NftDataplaneOptions> = {}): Dataplane {
  return new NftDataplane(writer, { ...DEFAULTS, ...options });
}
