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
  /** Whether one transaction can carry them at all. */
  fits(steps: readonly Step[]): boolean;
}

const AIM_MILLISECONDS = 5;
const SMALLEST_CHUNK = 10;
const LARGEST_CHUNK = 1_000;
const FIRST_CHUNK = 100;

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
  let budget = FIRST_CHUNK;
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

  function chunkEnd(steps: readonly Step[], start: number): number {
    let end = start;
    for (let total = 0; end < steps.length; end++) {
      const step = steps[end];
      if (step === undefined) break;
      total += weight(step);
      if (total > budget && end > start) break;
    }
    while (end - start > 1 && bytes(steps.slice(start, end)) > writer.byteLimit) {
      end = start + Math.ceil((end - start) / 2);
    }
    return end;
  }

  async function sendInChunks(steps: readonly Step[]): Promise<StepFailure[]> {
    const failures: StepFailure[] = [];
    let start = 0;
    while (start < steps.length) {
      if (start > 0) await pause();
      const end = chunkEnd(steps, start);
      const chunk = steps.slice(start, end);
      const began = clock();
      let failed = send(chunk);
      if (failed.length > 0 && failed.every(isUnattributed) && chunk.length > 1) {
        failed = sendSingly(chunk);
      }
      const took = clock() - began;
      if (took > AIM_MILLISECONDS) budget = Math.max(SMALLEST_CHUNK, (budget * AIM_MILLISECONDS) / took);
      else if (took < AIM_MILLISECONDS / 3) budget = Math.min(LARGEST_CHUNK, budget * 1.5);
      failures.push(...failed);
      start = end;
    }
    return failures;
  }

  const totalWeight = (steps: readonly Step[]) => steps.reduce((total, step) => total + weight(step), 0);
  // Few commands fit any socket buffer: most changes are one element, and need not be measured.
  const fits = (steps: readonly Step[]) => totalWeight(steps) < 50 || bytes(steps) <= writer.byteLimit;
  return {
    inventory,
    get sent() {
      return sent;
    },
    send,
    sendInChunks,
    fits,
  };
}
