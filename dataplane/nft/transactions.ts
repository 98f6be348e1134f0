import type { Batch } from "./batch.ts";
import { type Inventory, takeStock } from "./inventory.ts";
import type { Step } from "./kernel-objects.ts";
import type { Failure, NftWriter } from "./writer.ts";

/** A command that the kernel refused; `step` is undefined where only the whole transaction is to blame. */
export interface StepFailure {
  readonly step: Step | undefined;
  readonly code: string;
  readonly message: string;
}

export interface TransactionOptions {
  readonly writer: NftWriter;
  readonly inventory: Inventory;
  /** Milliseconds. */
  readonly clock: () => number;
  /** Lets the event loop go round once. */
  readonly pause: () => Promise<void>;
}

/** Sends steps, keeps the inventory, and learns how much fits into one step of the event loop. */
export interface Transactions {
  readonly inventory: Inventory;
  /** Commands that the kernel took so far. */
  readonly sent: number;
  /** One transaction. Empty: it worked. */
  send(steps: readonly Step[]): StepFailure[];
  /** As many transactions as it takes, pausing between them. Goes on after a failure. Empty: all worked. */
  sendInChunks(steps: readonly Step[]): Promise<StepFailure[]>;
  /** One transaction of the steps from `start` on, so short that a change can wait for it. */
  sendSome(
    steps: readonly Step[],
    start: number,
  ): { readonly end: number; readonly failures: readonly StepFailure[] };
  /** Whether one transaction can carry them at all. */
  fits(steps: readonly Step[]): boolean;
}

/** How much goes into one transaction: learnt from what the last ones took. */
interface Pace {
  readonly aimMilliseconds: number;
  readonly smallest: number;
  /** By `weight`. */
  budget: number;
}

const LARGEST_CHUNK = 1_000;
/** So few commands fit any socket buffer: most changes are one element, and need not be measured. */
const SMALL_WEIGHT = 50;

/**
 * About what the command costs the kernel, an empty chain being 1: it finds sets by walking the list of all sets, and
 * looks at every jump again after a rule (0.6 and 1.3 ms for one among 6,000 sets, 0.03 and 0.2 ms among 600).
 */
function weight({ command }: Step): number {
  if ("flush" in command) return 1;
  const body = "add" in command ? command.add : command.delete;
  if ("element" in body) return 2 + body.element.elem.length / 20;
  if ("rule" in body) return 2;
  return "set" in body || "map" in body ? 4 : 1;
}

/**
 * Failures that say nothing about any object: the kernel had no memory or no time, or the table is another's. Trying
 * the commands one by one, or closing an endpoint for it, would be wrong.
 */
const ABOUT_NO_OBJECT: ReadonlySet<string> = new Set([
  "EPERM",
  "EACCES",
  "ENOMEM",
  "ENOBUFS",
  "EAGAIN",
  "EINTR",
  "ERESTART",
]);

export function isAboutNoObject({ code }: StepFailure): boolean {
  return ABOUT_NO_OBJECT.has(code);
}

function isUnattributed(failure: StepFailure): boolean {
  return failure.step === undefined && !isAboutNoObject(failure);
}

function batchOf(steps: readonly Step[]): Batch {
  return { nftables: steps.map(({ command }) => command) };
}

/** A command that cannot even be written down must not take the others with it. */
function unwritable(writer: NftWriter, steps: readonly Step[]): StepFailure[] {
  const failures: StepFailure[] = [];
  for (const step of steps) {
    try {
      writer.batchBytes(batchOf([step]));
    } catch (error) {
      failures.push({ step, code: "EINVAL", message: `cannot be written down: ${String(error)}` });
    }
  }
  return failures;
}

export function createTransactions(options: TransactionOptions): Transactions {
  const { writer, inventory, clock, pause } = options;
  // In a large table each transaction is long, for the kernel looks at all of it: smaller ones would only be more.
  const building: Pace = { aimMilliseconds: 5, smallest: 50, budget: 100 };
  // libnftables reads all sets and chains again for each call, however short.
  const tidying: Pace =
    writer.kind === "libnftables"
      ? { aimMilliseconds: 5, smallest: 100, budget: 100 }
      : { aimMilliseconds: 1, smallest: 4, budget: 10 };
  let sent = 0;

  function bytes(steps: readonly Step[]): number {
    try {
      return writer.batchBytes(batchOf(steps));
    } catch {
      return 0; // `send` finds out which command it is.
    }
  }

  function send(steps: readonly Step[]): StepFailure[] {
    if (steps.length === 0) return [];
    const batch = batchOf(steps);
    let failures: readonly Failure[];
    try {
      const result = writer.apply(batch);
      failures = result.ok ? [] : result.failures;
      if (result.ok) {
        takeStock(inventory, batch);
        sent += steps.length;
      } else if (failures.length === 0) {
        failures = [{ index: -1, code: "", message: "refused without a reason" }];
      }
    } catch (error) {
      const blamed = unwritable(writer, steps);
      if (blamed.length > 0) return blamed;
      failures = [{ index: -1, code: "", message: String(error) }];
    }
    return failures.map(({ index, code, message }) => ({ step: steps[index], code, message }));
  }

  /** Where the writer cannot tell which command it was: each alone. Only for what no packet meets yet. */
  function sendSingly(steps: readonly Step[]): StepFailure[] {
    return steps.flatMap((step) => send([step]).map((failure) => ({ ...failure, step })));
  }

  function chunkEnd(
    steps: readonly Step[],
    start: number,
    { budget }: Pace,
  ): { readonly end: number; readonly total: number } {
    let end = start;
    let total = 0;
    for (; end < steps.length; end++) {
      const step = steps[end];
      if (step === undefined) break;
      const heavier = total + weight(step);
      if (heavier > budget && end > start) break;
      total = heavier;
    }
    if (total < SMALL_WEIGHT) return { end, total };
    while (end - start > 1 && bytes(steps.slice(start, end)) > writer.byteLimit) {
      end = start + Math.ceil((end - start) / 2);
    }
    return { end, total };
  }

  function sendChunk(
    steps: readonly Step[],
    start: number,
    pace: Pace,
  ): { readonly end: number; readonly failures: readonly StepFailure[] } {
    const { end, total } = chunkEnd(steps, start, pace);
    const chunk = start === 0 && end === steps.length ? steps : steps.slice(start, end);
    const began = clock();
    let failures = send(chunk);
    if (failures.length > 0 && failures.every(isUnattributed) && chunk.length > 1)
      failures = sendSingly(chunk);
    const took = clock() - began;
    const { aimMilliseconds, smallest, budget } = pace;
    if (took > aimMilliseconds) pace.budget = Math.max(smallest, (budget * aimMilliseconds) / took);
    // A chunk that was small anyway says nothing of what a full one takes.
    else if (took < aimMilliseconds / 3 && total > budget / 2)
      pace.budget = Math.min(LARGEST_CHUNK, budget * 1.5);
    return { end, failures };
  }

  async function sendInChunks(steps: readonly Step[]): Promise<StepFailure[]> {
    const failures: StepFailure[] = [];
    let start = 0;
    while (start < steps.length) {
      if (start > 0) await pause();
      const chunk = sendChunk(steps, start, building);
      failures.push(...chunk.failures);
      start = chunk.end;
    }
    return failures;
  }

  const totalWeight = (steps: readonly Step[]) => steps.reduce((total, step) => total + weight(step), 0);
  const fits = (steps: readonly Step[]) =>
    totalWeight(steps) < SMALL_WEIGHT || bytes(steps) <= writer.byteLimit;
  return {
    inventory,
    get sent() {
      return sent;
    },
    send,
    sendInChunks,
    sendSome: (steps, start) => sendChunk(steps, start, tidying),
    fits,
  };
}
