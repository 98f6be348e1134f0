import type { Touched } from "../../model/ruleset.ts";
import { unreachable } from "../../model/unreachable.ts";
import type { StableFrameOptions } from "./difference.ts";
import { buryGone, buryLeftovers, clearLeftovers, closeOldWays, makeRoom } from "./driver-removal.ts";
import { type Attempt, type DriverState, learn, takePending, wishOfNow } from "./driver-state.ts";
import { lookAgain } from "./driver-table.ts";
import { buildEpoch } from "./epoch.ts";
import { revise } from "./revision.ts";

function frameOf({ options }: DriverState): StableFrameOptions {
  const { endpointToHost, dropInvalid, dropMidStream, foreignInterfaces, unknownEndpoint } = options;
  return { endpointToHost, dropInvalid, dropMidStream, foreignInterfaces, unknownEndpoint };
}

/** Builds everything anew; what was in use is left over then. */
export async function tryEpoch(state: DriverState): Promise<Attempt> {
  const { clock, pause, graceMilliseconds } = state.options;
  const lost = lookAgain(state);
  if (lost !== undefined) return { kind: "failed", found: lost };
  await clearLeftovers(state);
  state.littered = true;
  // Before the building: who finds foreign hands meanwhile asks for one more.
  state.rebuild = false;
  const outcome = await buildEpoch({
    transactions: state.transactions,
    wish: () => wishOfNow(state),
    takePending: () => takePending(state),
    isStale: () => state.pending !== undefined,
    frame: frameOf(state),
    mirrored: state.graceEndsAt !== undefined && clock() < state.graceEndsAt,
    clock,
    pause,
  });
  if (outcome.kind === "failed") return learn(state, outcome.failures, { live: false });
  state.memory = outcome.memory;
  state.inForceAt = clock();
  state.lastError = undefined;
  if (state.graceEndsAt === Infinity) state.graceEndsAt = clock() + graceMilliseconds;
  // What was buried is among what is left over.
  state.graves = [];
  buryLeftovers(state);
  return { kind: "done", rebuilt: true };
}

/** Changes the epoch in use; what it stops using is buried. `patient`: begins again if the wish changes. */
export async function tryRevision(
  state: DriverState,
  options: { readonly touched: Touched | undefined; readonly patient: boolean },
): Promise<Attempt> {
  const { memory } = state;
  if (memory === undefined) return { kind: "again", whole: true, found: "nothing is in force yet" };
  const { clock, pause } = state.options;
  const outcome = await revise({
    transactions: state.transactions,
    memory,
    wish: wishOfNow(state),
    touched: options.touched,
    frame: frameOf(state),
    isStale: options.patient ? () => state.pending !== undefined : undefined,
    makeRoom: (inTheWay) => makeRoom(state, inTheWay),
    clock,
    pause,
  });
  switch (outcome.kind) {
    case "revised":
      state.inForceAt = clock();
      state.lastError = undefined;
      await closeOldWays(state, outcome.late);
      buryGone(state, outcome.gone);
      return { kind: "done", rebuilt: false };
    case "stale":
      return outcome;
    case "tooLarge":
      return { kind: "again", whole: true, found: "too much for one transaction" };
    case "noRoom":
      return { kind: "again", whole: true, found: state.lastError ?? "old objects are in the way" };
    case "failed": {
      const learned = learn(state, outcome.failures, { live: true });
      return outcome.littered && learned.kind === "again" ? { ...learned, whole: true } : learned;
    }
    default:
      return unreachable(outcome);
  }
}
