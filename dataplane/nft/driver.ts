import { setImmediate } from "node:timers/promises";
import type { Ruleset, Touched } from "../../model/ruleset.ts";
import { unreachable } from "../../model/unreachable.ts";
import type { Dataplane, DataplaneStatus, RefusedObject, Settled } from "../dataplane.ts";
import { type Adoption, adoptTable, neverInstalled } from "./adoption.ts";
import { blame, refusedObject } from "./blame.ts";
import type { StableFrameOptions } from "./difference.ts";
import { buildEpoch } from "./epoch.ts";
import { elementCount, highestEpoch, inventoryOf, leftovers, removalSteps } from "./inventory.ts";
import type { Memory } from "./memory.ts";
import { epochOfName } from "./names.ts";
import type { Gone } from "./plan.ts";
import { printSteps } from "./print.ts";
import { revise } from "./revision.ts";
import { addTouched, mergePending, type Pending, touches } from "./touched.ts";
import { createTransactions, type StepFailure, type Transactions } from "./transactions.ts";
import { wishOf } from "./wish.ts";
import type { NftWriter } from "./writer.ts";

export interface NftDataplaneOptions extends StableFrameOptions {
  /** How long after a node's first install open connections are judged as replies too; 0: not at all. */
  readonly graceMilliseconds: number;
  /** Milliseconds, never going back. */
  readonly clock: () => number;
  /** Lets the event loop go round once. */
  readonly pause: () => Promise<void>;
  /** Waits before old objects are deleted: packets on their way may still be among them. */
  readonly linger: () => Promise<void>;
  /** Gets what the kernel refused, as nft text. */
  readonly onRefused: (text: string) => void;
}

const DEFAULTS: NftDataplaneOptions = {
  endpointToHost: "accept",
  dropInvalid: true,
  dropMidStream: true,
  graceMilliseconds: 180_000,
  clock: () => performance.now(),
  pause: () => setImmediate(),
  linger: () => Bun.sleep(10),
  onRefused: () => {},
};

type Attempt =
  | { readonly kind: "done"; readonly gone: Gone; readonly rebuilt: boolean }
  /** Try again, `whole`: with a new epoch. */
  | { readonly kind: "again"; readonly whole: boolean; readonly found: string }
  | { readonly kind: "failed"; readonly found: string };

const ATTEMPTS = 8;
/** So often a revision is tried without what was refused, before everything is built anew. */
const REVISIONS = 3;

class NftDataplane implements Dataplane {
  readonly #options: NftDataplaneOptions;
  readonly #adoption: Adoption;
  readonly #transactions: Transactions;
  /** Epochs up to this one were here before us: until we took over, packets meet one of them. */
  readonly #foundEpoch: number;
  readonly #refused = new Map<string, RefusedObject>();
  #ruleset: Ruleset | undefined;
  #pending: Pending | undefined;
  #memory: Memory | undefined;
  #rebuild = true;
  /** Something may lie in the table that no memory knows of. */
  #littered = true;
  #graceEndsAt: number | undefined;
  #lastError: string | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(writer: NftWriter, options: NftDataplaneOptions) {
    this.#options = options;
    this.#adoption = adoptTable(writer);
    const inventory = inventoryOf(this.#adoption.found);
    const { clock, pause } = options;
    this.#transactions = createTransactions({ writer, inventory, clock, pause });
    this.#foundEpoch = highestEpoch(inventory);
    if (neverInstalled(this.#adoption) && options.graceMilliseconds > 0) this.#graceEndsAt = Infinity;
  }

  want(ruleset: Ruleset, touched: Touched | undefined): void {
    this.#ruleset = ruleset;
    this.#pending = addTouched(this.#pending, touched);
  }

  resync(): void {
    this.#rebuild = true;
    if (this.#ruleset !== undefined) this.#pending = { kind: "everything" };
  }

  settle(): Promise<Settled> {
    const settled = this.#queue.then(() => this.#settle());
    this.#queue = settled.catch(() => {});
    return settled;
  }

  /** Waits for a settle that is under way. The rules stay. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ruleset = undefined;
    await this.#queue;
  }

  get status(): DataplaneStatus {
    const { inventory } = this.#transactions;
    const grace = this.#memory?.mirrored ?? false;
    return {
      epoch: this.#memory?.names.epoch,
      ownership: this.#adoption.ownership,
      ownershipNote: this.#adoption.note,
      lastError: this.#lastError,
      refused: [...this.#refused.values()],
      grace,
      graceEndsAt: grace ? this.#graceEndsAt : undefined,
      chains: inventory.chains.size,
      sets: inventory.sets.size,
      elements: elementCount(inventory),
    };
  }

  async #settle(): Promise<Settled> {
    const { clock } = this.#options;
    const began = clock();
    const sentBefore = this.#transactions.sent;
    let rebuilt = false;
    if (this.#littered) await this.#removeLeftovers();
    while (this.#isDue()) {
      const failed = await this.#bringAbout();
      if (typeof failed === "string") {
        this.#lastError = failed;
        const next = "what was in force still is; the next settle tries again";
        return { kind: "failed", tried: "bring the wish into the kernel", found: failed, next };
      }
      rebuilt ||= failed.rebuilt;
    }
    const commands = this.#transactions.sent - sentBefore;
    const milliseconds = clock() - began;
    const refused = [...this.#refused.values()];
    if (refused.length > 0) return { kind: "degraded", commands, milliseconds, refused };
    return commands === 0 ? { kind: "unchanged" } : { kind: "applied", commands, milliseconds, rebuilt };
  }

  #graceIsOver(): boolean {
    return this.#memory?.mirrored === true && this.#options.clock() >= (this.#graceEndsAt ?? 0);
  }

  #isDue(): boolean {
    if (this.#ruleset === undefined) return false;
    return this.#pending !== undefined || this.#rebuild || this.#graceIsOver();
  }

  /** Answers the reason where it cannot be brought about. */
  async #bringAbout(): Promise<{ readonly rebuilt: boolean } | string> {
    const taken = this.#pending;
    this.#pending = undefined;
    let touched = taken?.kind === "some" ? taken.touched : undefined;
    if (taken !== undefined && this.#reconsiderRefused(taken)) touched = undefined;
    let whole = this.#rebuild || this.#graceIsOver();
    let found = "";
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const result = whole ? await this.#tryEpoch() : await this.#tryRevision(touched);
      if (result.kind === "done") {
        this.#rebuild = false;
        this.#lastError = undefined;
        await this.#remove(result);
        return { rebuilt: result.rebuilt };
      }
      found = result.found;
      if (result.kind === "failed") break;
      touched = undefined;
      whole ||= result.whole || attempt >= REVISIONS;
    }
    this.#rebuild ||= whole;
    this.#pending = mergePending({ kind: "everything" }, this.#pending);
    return found;
  }

  /** What was touched may have been mended. Answers whether anything must be looked at again for it. */
  #reconsiderRefused(pending: Pending): boolean {
    const before = this.#refused.size;
    for (const [key, refused] of this.#refused) if (touches(pending, refused)) this.#refused.delete(key);
    return this.#refused.size < before;
  }

  async #tryEpoch(): Promise<Attempt> {
    const { clock, pause, graceMilliseconds } = this.#options;
    const mirrored = this.#graceEndsAt !== undefined && clock() < this.#graceEndsAt;
    const { frame, wish } = this.#now();
    const transactions = this.#transactions;
    this.#littered = true;
    const outcome = await buildEpoch({ transactions, wish, frame, mirrored, clock, pause });
    if (outcome.kind === "failed") return this.#learn(outcome.failures, { live: false });
    this.#memory = outcome.memory;
    if (this.#graceEndsAt === Infinity) this.#graceEndsAt = clock() + graceMilliseconds;
    return { kind: "done", gone: { chains: [], sets: [] }, rebuilt: true };
  }

  async #tryRevision(touched: Touched | undefined): Promise<Attempt> {
    const memory = this.#memory;
    if (memory === undefined) return { kind: "again", whole: true, found: "nothing is in force yet" };
    const { frame, wish } = this.#now();
    const outcome = await revise({ transactions: this.#transactions, memory, wish, touched, frame });
    switch (outcome.kind) {
      case "revised":
        return { kind: "done", gone: outcome.gone, rebuilt: false };
      case "tooLarge":
        return { kind: "again", whole: true, found: "too much for one transaction" };
      case "failed": {
        const learned = this.#learn(outcome.failures, { live: true });
        return outcome.littered && learned.kind === "again" ? { ...learned, whole: true } : learned;
      }
      default:
        return unreachable(outcome);
    }
  }

  #now(): { frame: StableFrameOptions; wish: ReturnType<typeof wishOf> } {
    const { endpointToHost, dropInvalid, dropMidStream } = this.#options;
    const ruleset = this.#ruleset;
    if (ruleset === undefined) throw new Error("settle has nothing to bring about: want comes first");
    return { frame: { endpointToHost, dropInvalid, dropMidStream }, wish: wishOf(ruleset, this.#refused) };
  }

  #learn(failures: readonly StepFailure[], options: { readonly live: boolean }): Attempt {
    this.#options.onRefused(printSteps(failures.flatMap(({ step }) => (step === undefined ? [] : [step]))));
    const cause = blame(failures, options);
    switch (cause.kind) {
      case "objects":
        for (const { origin, because } of cause.objects) {
          const { ruleset } = this.#now().wish;
          this.#refused.set(`${origin.kind} ${origin.id}`, refusedObject(ruleset, origin, because));
        }
        return { kind: "again", whole: false, found: cause.objects.map(({ because }) => because).join("; ") };
      case "drift":
        return { kind: "again", whole: true, found: cause.found };
      case "other":
        return { kind: "failed", found: cause.found };
      default:
        return unreachable(cause);
    }
  }

  async #remove(done: { readonly gone: Gone; readonly rebuilt: boolean }): Promise<void> {
    if (done.rebuilt) {
      await this.#options.linger();
      return this.#removeLeftovers();
    }
    const steps = removalSteps(done.gone);
    if (steps.length === 0) return;
    await this.#options.linger();
    const failures = await this.#transactions.sendInChunks(steps);
    if (failures.length === 0) return;
    // A name that stays behind may be wanted again with other content: only new names are safe now.
    this.#rebuild = true;
    this.#lastError = `old objects stay behind: ${blame(failures, { live: true }).kind}`;
  }

  /** Everything that is neither of the epoch in use nor a base chain in use. */
  async #removeLeftovers(): Promise<void> {
    const memory = this.#memory;
    const frame = memory?.frame.get("frame");
    const hooks = new Set(frame?.chains.filter(({ hook }) => hook !== undefined).map(({ name }) => name));
    const isLeft = (name: string): boolean => {
      const epoch = epochOfName(name);
      if (memory === undefined) return (epoch ?? 0) > this.#foundEpoch;
      return epoch !== memory.names.epoch && !hooks.has(name);
    };
    const steps = removalSteps(leftovers(this.#transactions.inventory, isLeft));
    const failures = await this.#transactions.sendInChunks(steps);
    this.#littered = failures.length > 0;
    if (this.#littered) this.#lastError = "old objects could not be deleted; the next settle tries again";
  }
}

/**
 * Takes the table over (throws TableRefusedError if it cannot), and changes no verdict before the first settle. The
 * rules stay when the process ends; the writer is the caller's to close.
 */
export function openNftDataplane(writer: NftWriter, options: Partial<NftDataplaneOptions> = {}): Dataplane {
  return new NftDataplane(writer, { ...DEFAULTS, ...options });
}
