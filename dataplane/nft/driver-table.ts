import { adoptTable } from "./adoption.ts";
import type { DriverState } from "./driver-state.ts";
import { takeStockAgain } from "./inventory.ts";
import { HOOK } from "./names.ts";

/**
 * Looks what foreign hands left of a table that is not owned, and makes it again where it is gone; what is there stays
 * as it is. Nobody can touch an owned table. Answers why it cannot be ours; undefined: it is.
 */
export function lookAgain(state: DriverState): string | undefined {
  const { adoption, writer, transactions, options } = state;
  if (adoption.ownership === "owned") return undefined;
  try {
    const present = adoptTable(writer);
    // Why a table that is still there is not owned, the first look knew best.
    state.adoption = present.found === undefined ? present : { ...present, note: adoption.note };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const { inventory } = transactions;
  takeStockAgain(inventory, state.adoption.found);
  if (Object.values(HOOK).some((name) => inventory.chains.has(name))) return undefined;
  // No packet meets anything of ours, and nobody saw what was opened meanwhile: it is like a first install.
  state.memory = undefined;
  state.foundEpoch = 0;
  state.graceEndsAt = options.graceMilliseconds > 0 ? Infinity : undefined;
  return undefined;
}
