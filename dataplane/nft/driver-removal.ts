import { failureSummary } from "./blame.ts";
import type { DriverState } from "./driver-state.ts";
import { leftovers, present, removalSteps } from "./inventory.ts";
import { epochOfName, HOOK } from "./names.ts";
import type { Step } from "./kernel-objects.ts";
import { type Gone, isEmpty } from "./plan.ts";
import { isAboutNoObject, type StepFailure } from "./transactions.ts";

/** Names that no rule in force leads to. They go when the packets that were on their way among them have passed. */
export interface Grave {
  /** `revision`: names of the epoch in use, which may be wanted again. `leftovers`: of other epochs, never wanted again. */
  readonly kind: "revision" | "leftovers";
  /** When they may go. */
  readonly ripe: Promise<void>;
  /** Asked when their turn comes. */
  readonly names: () => Gone;
  /** Undefined: nothing was deleted yet. */
  steps: readonly Step[] | undefined;
  /** How many of the steps are done. */
  done: number;
}

function bury(state: DriverState, kind: Grave["kind"], names: () => Gone): void {
  const grave: Grave = { kind, ripe: state.options.linger(), names, steps: undefined, done: 0 };
  state.graves = [...state.graves, grave];
}

/** What a revision stopped using. */
export function buryGone(state: DriverState, gone: Gone): void {
  if (!isEmpty(gone)) bury(state, "revision", () => gone);
}

/** Everything that is neither of the epoch in use nor a base chain of ours. */
export function buryLeftovers(state: DriverState): void {
  // All of them: one that masquerades nobody still keeps the kernel translating what it translates.
  const hooks = new Set<string>(Object.values(HOOK));
  const isLeft = (name: string): boolean => {
    const { memory, foundEpoch } = state;
    const epoch = epochOfName(name);
    // Without an epoch of our own, packets still meet one that was here before us.
    if (memory === undefined) return (epoch ?? 0) > foundEpoch;
    return epoch !== memory.names.epoch && !hooks.has(name);
  };
  state.littered = false;
  bury(state, "leftovers", () => leftovers(state.transactions.inventory, isLeft));
}

function failed(state: DriverState, kind: Grave["kind"], failures: readonly StepFailure[]): void {
  state.lastError = `old objects stay behind: ${failureSummary(failures)}`;
  // A name that stays behind may be wanted again with other content: only new names are safe now.
  if (kind === "revision") state.rebuild = true;
  else state.littered = true;
}

/** Made when its turn comes: what is there then. */
function stepsOf(state: DriverState, grave: Grave): readonly Step[] {
  grave.steps ??= removalSteps(present(grave.names(), state.transactions.inventory));
  return grave.steps;
}

function forget(state: DriverState, grave: Grave): void {
  state.graves = state.graves.filter((one) => one !== grave);
}

/**
 * One short transaction. The grave must be ripe. Never in a settle that builds an epoch: its names look left over. Whether to go on: not
 * where the kernel has no memory or no time, which is nobody's fault, and over later.
 */
export function deleteSome(state: DriverState, grave: Grave): boolean {
  const steps = stepsOf(state, grave);
  if (grave.done < steps.length) {
    const { end, failures } = state.transactions.sendSome(steps, grave.done);
    if (failures.length > 0 && failures.every(isAboutNoObject)) {
      state.lastError = `old objects stay behind: ${failureSummary(failures)}`;
      return false;
    }
    grave.done = failures.length > 0 ? steps.length : end;
    if (failures.length > 0) failed(state, grave.kind, failures);
  }
  if (grave.done === steps.length) forget(state, grave);
  return true;
}

/** All of it, for a settle that waits. */
async function empty(state: DriverState, grave: Grave): Promise<boolean> {
  await grave.ripe;
  const failures = await state.transactions.sendInChunks(stepsOf(state, grave).slice(grave.done));
  forget(state, grave);
  if (failures.length > 0) failed(state, grave.kind, failures);
  return failures.length === 0;
}

/**
 * Deletes graves until nothing is in the way of names that are wanted again: what is there under a name would keep what it holds.
 * The oldest first, for it may still lead to what fell out of use after it. Whether it worked.
 */
export async function makeRoom(state: DriverState, inTheWay: () => boolean): Promise<boolean> {
  while (inTheWay()) {
    const grave = state.graves.find(({ kind }) => kind === "revision");
    if (grave === undefined || !(await empty(state, grave))) return false;
  }
  return true;
}

/** Before an epoch is built: each set of an older one would make the building dearer, and epochs may follow each other fast. */
export async function clearLeftovers(state: DriverState): Promise<void> {
  if (state.littered) buryLeftovers(state);
  for (const grave of state.graves.filter(({ kind }) => kind === "leftovers")) await empty(state, grave);
}

/**
 * Closes the old ways to what moved, list by list, for a packet on its way may need one to the end of another. Until then what they
 * let through is let through.
 */
export async function closeOldWays(state: DriverState, lists: readonly (readonly Step[])[]): Promise<void> {
  const failures: StepFailure[] = [];
  for (const steps of lists) {
    if (steps.length === 0) continue;
    await state.options.linger();
    failures.push(...(await state.transactions.sendInChunks(steps)));
  }
  if (failures.length > 0) failed(state, "revision", failures);
}
