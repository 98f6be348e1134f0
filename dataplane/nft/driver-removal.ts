import { failureSummary } from "./blame.ts";
import type { DriverState } from "./driver-state.ts";
import { leftovers, removalSteps } from "./inventory.ts";
import { epochOfName, HOOK } from "./names.ts";
import type { Step } from "./kernel-objects.ts";
import type { StepFailure } from "./transactions.ts";

/** Takes away what a revision stopped using, list by list: packets on their way may need one to the end of another. */
export async function removeGone(state: DriverState, lists: readonly (readonly Step[])[]): Promise<void> {
  const failures: StepFailure[] = [];
  for (const steps of lists) {
    if (steps.length === 0) continue;
    await state.options.linger();
    failures.push(...(await state.transactions.sendInChunks(steps)));
  }
  if (failures.length === 0) return;
  // A name that stays behind may be wanted again with other content: only new names are safe now.
  state.rebuild = true;
  state.lastError = `old objects stay behind: ${failureSummary(failures)}`;
}

/** Deletes everything that is neither of the epoch in use nor a base chain of ours. */
export async function removeLeftovers(state: DriverState): Promise<void> {
  const { memory, transactions, foundEpoch } = state;
  // All of them: one that masquerades nobody still keeps the kernel translating what it translates.
  const hooks = new Set<string>(Object.values(HOOK));
  const isLeft = (name: string): boolean => {
    const epoch = epochOfName(name);
    // Without an epoch of our own, packets still meet one that was here before us.
    if (memory === undefined) return (epoch ?? 0) > foundEpoch;
    return epoch !== memory.names.epoch && !hooks.has(name);
  };
  const failures = await transactions.sendInChunks(removalSteps(leftovers(transactions.inventory, isLeft)));
  state.littered = failures.length > 0;
  if (state.littered) state.lastError = `old objects stay behind: ${failureSummary(failures)}`;
}
