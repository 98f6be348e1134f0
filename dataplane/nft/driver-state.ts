import type { Ruleset } from "../../model/ruleset.ts";
import { unreachable } from "../../model/unreachable.ts";
import type { RefusedObject } from "../dataplane.ts";
import type { Adoption } from "./adoption.ts";
import { blame, refusedObject } from "./blame.ts";
import type { StableFrameOptions } from "./difference.ts";
import type { Grave } from "./driver-removal.ts";
import type { Memory } from "./memory.ts";
import { printSteps } from "./print.ts";
import { masqueradeText } from "./render-masquerade.ts";
import { type Pending, touches } from "./touched.ts";
import type { StepFailure, Transactions } from "./transactions.ts";
import { type Wish, wishOf } from "./wish.ts";
import type { NftWriter } from "./writer.ts";

export interface NftDataplaneOptions extends StableFrameOptions {
  /** How long after a node's first install open connections are judged as replies too; 0: not at all. */
  readonly graceMilliseconds: number;
  /** Milliseconds, never going back. */
  readonly clock: () => number;
  /** Lets the event loop go round once. */
  readonly pause: () => Promise<void>;
  /** Waits until old objects may be deleted: packets on their way may still be among them. */
  readonly linger: () => Promise<void>;
  /** Gets what the kernel refused, as nft text. */
  readonly onRefused: (text: string) => void;
}

/** What the driver knows between two settles. */
export interface DriverState {
  readonly options: NftDataplaneOptions;
  readonly writer: NftWriter;
  readonly transactions: Transactions;
  /** How the table is held. */
  adoption: Adoption;
  /** Epochs up to this one were here before us: until we took over, packets meet one of them. */
  foundEpoch: number;
  /** By the key of the origin. */
  readonly refused: Map<string, RefusedObject>;
  ruleset: Ruleset | undefined;
  /** Where the wish may differ from memory. */
  pending: Pending | undefined;
  /** The epoch in use; undefined before our first, and when the table is gone. */
  memory: Memory | undefined;
  /** When the last switch to a wish came into force, by the clock. */
  inForceAt: number;
  /** Only a new epoch will do. */
  rebuild: boolean;
  /** Something may lie in the table that neither memory nor a grave knows of. */
  littered: boolean;
  /** In the order in which they were filled. */
  graves: readonly Grave[];
  /** Infinity: from the first install on. */
  graceEndsAt: number | undefined;
  lastError: string | undefined;
}

/** How far one attempt came. */
export type Attempt =
  | { readonly kind: "done"; readonly rebuilt: boolean }
  /** Try again, `whole`: with a new epoch. */
  | { readonly kind: "again"; readonly whole: boolean; readonly found: string }
  /** The wish changed meanwhile, and nothing was sent yet. */
  | { readonly kind: "stale" }
  | { readonly kind: "failed"; readonly found: string };

/** The wish of this moment, without what the kernel refused. */
export function wishOfNow({ ruleset, refused }: DriverState): Wish {
  if (ruleset === undefined) throw new Error("settle has nothing to bring about: want comes first");
  return wishOf(ruleset, refused);
}

/** Where to look. What was refused and is touched may have been mended: then everything is looked at. */
export function takePending(state: DriverState): Pending | undefined {
  const { pending, refused, ruleset } = state;
  state.pending = undefined;
  if (pending === undefined) return undefined;
  const before = refused.size;
  const masquerade = ruleset && masqueradeText(ruleset.masquerade);
  for (const [key, one] of refused) {
    const isOver = one.kind === "masquerade" && one.id !== masquerade;
    if (isOver || touches(pending, one)) refused.delete(key);
  }
  return refused.size < before ? { kind: "everything" } : pending;
}

/** Takes the lesson of failed commands: what to leave out, or that memory is wrong, or that it is nobody's fault. */
export function learn(
  state: DriverState,
  failures: readonly StepFailure[],
  options: { readonly live: boolean },
): Attempt {
  state.options.onRefused(printSteps(failures.flatMap(({ step }) => (step === undefined ? [] : [step]))));
  const cause = blame(failures, options);
  switch (cause.kind) {
    case "objects":
      for (const { origin, because } of cause.objects) {
        const { ruleset } = wishOfNow(state);
        state.refused.set(`${origin.kind} ${origin.id}`, refusedObject(ruleset, origin, because));
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
