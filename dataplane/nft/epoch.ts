import { addChain, addRule, flushChain } from "./commands.ts";
import { difference, type StableFrameOptions } from "./difference.ts";
import { changeSteps } from "./element-changes.ts";
import { highestEpoch, type Inventory, removalSteps } from "./inventory.ts";
import { EMPTY_RENDERING, type Origin, type Rendering, type Step } from "./kernel-objects.ts";
import { emptyMemory, type Memory, rollBack } from "./memory.ts";
import { HOOK } from "./names.ts";
import { emptyPlan, lateSteps } from "./plan.ts";
import { mergePending, type Pending } from "./touched.ts";
import type { StepFailure, Transactions } from "./transactions.ts";
import type { Wish } from "./wish.ts";

export interface EpochOptions {
  readonly transactions: Transactions;
  /** Of the moment. */
  readonly wish: () => Wish;
  /** Where the wish changed since it was asked last; undefined: nowhere. */
  readonly takePending: () => Pending | undefined;
  /** Whether there is something to take. */
  readonly isStale: () => boolean;
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
const PLANNING_MILLISECONDS = 4;
/** A wish that changes faster than it can be built is taken into use as it is, and revised at once. */
const CATCHING_UP = 5;

/** The rules of one part's base chains. */
function hooksOf({ chains }: Rendering, origin: Origin): Step[] {
  const commands = chains
    .filter(({ hook }) => hook !== undefined)
    .flatMap((chain) => [
      // It may have been there before us: adding it again changes nothing.
      addChain(chain),
      flushChain(chain.name),
      ...chain.rules.map((rule) => addRule(chain.name, rule)),
    ]);
  return commands.map((command) => ({ command, origin }));
}

/** The rules of the base chains: what takes the epoch into use. */
function hookSteps({ frame, masquerade }: Memory, { chains }: Inventory): Step[] {
  const steps = hooksOf(frame.get("frame") ?? EMPTY_RENDERING, { kind: "frame" });
  const masquerading = masquerade.get("masquerade");
  if (masquerading !== undefined && masquerading.chains.length > 0) {
    steps.push(...hooksOf(masquerading, { kind: "masquerade", id: masquerading.text }));
  } else if (chains.has(HOOK.masquerade)) {
    steps.push({ command: flushChain(HOOK.masquerade), origin: { kind: "frame" } });
  }
  return steps;
}

/** Everything, planned and sent piece by piece: the wish may change meanwhile. */
async function build(memory: Memory, options: EpochOptions): Promise<StepFailure[]> {
  const { transactions, wish, frame, clock, pause } = options;
  const failures: StepFailure[] = [];
  const plan = emptyPlan(memory, undefined);
  let began = clock();
  for (const _ of difference(plan, { wish: wish(), touched: undefined, frame })) {
    if (plan.creations.length >= STEPS_AT_ONCE) {
      await pause();
      failures.push(...(await transactions.sendInChunks(plan.creations.splice(0))));
    } else if (clock() - began < PLANNING_MILLISECONDS) {
      continue;
    }
    await pause();
    began = clock();
  }
  await pause();
  failures.push(...(await transactions.sendInChunks(plan.creations)));
  return failures;
}

/**
 * What changed while everything was built. No packet comes by, so nothing has to be done at one stroke; but it is planned for one
 * moment: what one removes, another may still lead to. `patient`: "stale", and nothing is done, if the wish changes meanwhile.
 */
async function catchUp(
  memory: Memory,
  pending: Pending,
  options: EpochOptions & { readonly patient: boolean },
): Promise<readonly StepFailure[] | "stale"> {
  const { transactions, wish, frame, patient, isStale, clock, pause } = options;
  const journal: (() => void)[] = [];
  const plan = emptyPlan(memory, journal);
  const touched = pending.kind === "some" ? pending.touched : undefined;
  let began = clock();
  for (const _ of difference(plan, { wish: wish(), touched, frame })) {
    if (!patient || clock() - began < PLANNING_MILLISECONDS) continue;
    await pause();
    if (isStale()) {
      rollBack(journal);
      return "stale";
    }
    began = clock();
  }
  const changes = [...changeSteps(plan.changes.values()), ...plan.rewrites, ...lateSteps(plan).flat()];
  return [
    ...(await transactions.sendInChunks([...plan.creations, ...changes])),
    ...(await transactions.sendInChunks(removalSteps(plan.gone))),
  ];
}

/**
 * Builds everything anew beside what is in use, under names that no other epoch has, and then rewrites the rules of
 * the base chains in one small transaction: no packet ever meets half a ruleset. A failing transaction does not stop
 * the building, so that one pass finds all objects that cannot be had; but then nothing is taken into use.
 */
export async function buildEpoch(options: EpochOptions): Promise<EpochOutcome> {
  const { transactions, mirrored, takePending, pause } = options;
  const memory = emptyMemory(highestEpoch(transactions.inventory) + 1, { mirrored });
  const failures = await build(memory, options);
  let pending: Pending | undefined;
  for (let pass = 1; pass <= CATCHING_UP && failures.length === 0; pass++) {
    await pause();
    pending = mergePending(pending, takePending());
    if (pending === undefined) break;
    const caughtUp = await catchUp(memory, pending, { ...options, patient: pass < CATCHING_UP });
    if (caughtUp === "stale") continue;
    failures.push(...caughtUp);
    pending = undefined;
  }
  if (failures.length === 0) failures.push(...transactions.send(hookSteps(memory, transactions.inventory)));
  return failures.length > 0 ? { kind: "failed", failures } : { kind: "built", memory };
}
