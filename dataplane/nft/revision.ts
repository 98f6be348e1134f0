import type { Touched } from "../../model/ruleset.ts";
import { difference, type StableFrameOptions } from "./difference.ts";
import { createdNames, removalSteps } from "./inventory.ts";
import type { Step } from "./kernel-objects.ts";
import { type Memory, rollBack } from "./memory.ts";
import { concernsNewcomersOnly, emptyPlan, type Gone, isEmpty, lateSteps, switchSteps } from "./plan.ts";
import type { StepFailure, Transactions } from "./transactions.ts";
import type { Wish } from "./wish.ts";

export interface RevisionOptions {
  readonly transactions: Transactions;
  readonly memory: Memory;
  readonly wish: Wish;
  readonly touched: Touched | undefined;
  readonly frame: StableFrameOptions;
  /** Whether the wish changed since; undefined: plan without a pause, however long it takes. */
  readonly isStale: (() => boolean) | undefined;
  /** Deletes what fell out of use before until nothing is in the way any more. Whether it worked. */
  readonly makeRoom: (inTheWay: () => boolean) => Promise<boolean>;
  /** Milliseconds. */
  readonly clock: () => number;
  readonly pause: () => Promise<void>;
}

export type RevisionOutcome =
  /** In force. `late` waits to be sent, a transaction a list, and then `gone` to be deleted: each a while after the one before. */
  | { readonly kind: "revised"; readonly late: readonly (readonly Step[])[]; readonly gone: Gone }
  /** Too much for one transaction: a new epoch is the way. Nothing was changed. */
  | { readonly kind: "tooLarge" }
  /** A name is taken that should be free. Nothing was changed. */
  | { readonly kind: "noRoom" }
  /** The wish changed while the revision was planned. Nothing was changed. */
  | { readonly kind: "stale" }
  /** Memory is as before. `littered`: something new lies about that nobody knows of. */
  | { readonly kind: "failed"; readonly failures: readonly StepFailure[]; readonly littered: boolean };

/** More than this would block the event loop, and every other writer of the kernel, for too long. */
const SWITCH_STEPS = 2_000;
/** The kernel looks at the whole table again after each transaction: a pod that comes with its policies pays for one. */
const NEWCOMER_STEPS = 100;
const PLANNING_MILLISECONDS = 5;

/** Changes the epoch in use where the wish differs from it. */
export async function revise(options: RevisionOptions): Promise<RevisionOutcome> {
  const { transactions, memory, wish, touched, frame, isStale, makeRoom, clock, pause } = options;
  const journal: (() => void)[] = [];
  const plan = emptyPlan(memory, journal);
  let began = clock();
  for (const _ of difference(plan, { wish, touched, frame })) {
    if (isStale === undefined || clock() - began < PLANNING_MILLISECONDS) continue;
    await pause();
    // A revision of two moments could lead an endpoint to a program that it does not make.
    if (isStale()) {
      rollBack(journal);
      return { kind: "stale" };
    }
    began = clock();
  }
  const switching = switchSteps(plan);
  if (switching.length > SWITCH_STEPS || !transactions.fits(switching)) {
    rollBack(journal);
    return { kind: "tooLarge" };
  }
  const inTheWay = () => !isEmpty(createdNames(plan.creations, transactions.inventory));
  if (inTheWay() && !(await makeRoom(inTheWay))) {
    rollBack(journal);
    return { kind: "noRoom" };
  }
  const whole = [...plan.creations, ...switching];
  if (whole.length <= NEWCOMER_STEPS && concernsNewcomersOnly(plan)) {
    const refused = transactions.send(whole);
    if (refused.length === 0) return { kind: "revised", late: lateSteps(plan), gone: plan.gone };
    rollBack(journal);
    return { kind: "failed", failures: refused, littered: false };
  }
  // Never in one transaction: with a new interval map beside the rules that use it, packets missed the map (6.18: 27 of
  // 836,000 lost in 400 edits; 1 of 2,700,000 with interval maps alone made first, 0 of 3,770,000 with everything).
  let failures = await transactions.sendInChunks(plan.creations);
  if (failures.length === 0) failures = transactions.send(switching);
  if (failures.length === 0) return { kind: "revised", late: lateSteps(plan), gone: plan.gone };
  rollBack(journal);
  const litter = createdNames(plan.creations, transactions.inventory);
  const left = await transactions.sendInChunks(removalSteps(litter));
  return { kind: "failed", failures, littered: left.length > 0 };
}
