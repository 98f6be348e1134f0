import { difference, type StableFrameOptions } from "./difference.ts";
import { highestEpoch } from "./inventory.ts";
import { emptyMemory, type Memory } from "./memory.ts";
import { emptyPlan, switchSteps } from "./plan.ts";
import type { StepFailure, Transactions } from "./transactions.ts";
import type { Wish } from "./wish.ts";

export interface EpochOptions {
  readonly transactions: Transactions;
  readonly wish: Wish;
  readonly frame: StableFrameOptions;
  readonly mirrored: boolean;
  /** Milliseconds. */
  readonly clock: () => number;
  readonly pause: () => Promise<void>;
}

export type EpochOutcome =
  | { readonly kind: "built"; readonly memory: Memory }
  /** Packets still meet what they met before. */
  | { readonly kind: "failed"; readonly failures: readonly StepFailure[] };

const STEPS_AT_ONCE = 100;
const PLANNING_MILLISECONDS = 5;

/**
 * Builds everything anew beside what is in use, under names that no other epoch has, and then rewrites the rules of
 * the base chains in one small transaction: no packet ever meets half a ruleset. A failing transaction does not stop
 * the building, so that one pass finds all objects that cannot be had; but then nothing is taken into use.
 */
export async function buildEpoch(options: EpochOptions): Promise<EpochOutcome> {
  const { transactions, wish, frame, mirrored, clock, pause } = options;
  const memory = emptyMemory(highestEpoch(transactions.inventory) + 1, { mirrored });
  const plan = emptyPlan(memory, undefined);
  const failures: StepFailure[] = [];
  let began = clock();
  for (const _ of difference(plan, { wish, touched: undefined, frame })) {
    if (plan.creations.length >= STEPS_AT_ONCE) {
      failures.push(...(await transactions.sendInChunks(plan.creations.splice(0))));
    } else if (clock() - began < PLANNING_MILLISECONDS) {
      continue;
    }
    await pause();
    began = clock();
  }
  failures.push(...(await transactions.sendInChunks(plan.creations.splice(0))));
  if (failures.length > 0) return { kind: "failed", failures };
  await pause();
  failures.push(...transactions.send(switchSteps(plan)));
  return failures.length > 0 ? { kind: "failed", failures } : { kind: "built", memory };
}
