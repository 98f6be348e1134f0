import type { Ruleset, Touched } from "../model/ruleset.ts";

/** Something of the wish that the kernel refused; everything else is in force. */
export interface RefusedObject {
  readonly kind: "addressSet" | "serviceSet" | "program" | "endpoint" | "masquerade";
  readonly id: string;
  /** What people call it: the peers, the policies or the endpoint in words. */
  readonly title: string;
  /** The kernel's words. */
  readonly because: string;
  /** What holds meanwhile, for example `endpoints with these policies drop everything`. */
  readonly consequence: string;
}

/** What a settle did that changed something. */
interface Changed {
  readonly commands: number;
  /** Until the wish was in force. */
  readonly milliseconds: number;
  /** When packets began to be judged by the wish, by the clock that the driver was given (performance.now()). */
  readonly inForceAt: number;
}

/** What one call of `settle` came to. */
export type Settled =
  /** The kernel held the wish already. */
  | { readonly kind: "unchanged" }
  /** `rebuilt`: everything was built anew beside the old, then taken into use at one stroke. */
  | (Changed & { readonly kind: "applied"; readonly rebuilt: boolean })
  /** The wish is in force, but for what was refused, which is closed. */
  | (Changed & { readonly kind: "degraded"; readonly refused: readonly RefusedObject[] })
  /** What was in force before still is. The next `settle` tries again. */
  | { readonly kind: "failed"; readonly tried: string; readonly found: string; readonly next: string };

export interface DataplaneStatus {
  /** The generation of names in use; undefined before the first settle that worked, and while the table is gone. */
  readonly epoch: number | undefined;
  /** `owned`: foreign hands cannot touch the table. `plain`: they can; changes of theirs must be watched for. */
  readonly ownership: "owned" | "plain";
  /** Why the table is not owned; empty where it is. */
  readonly ownershipNote: string;
  /** Undefined after a settle that worked. */
  readonly lastError: string | undefined;
  readonly refused: readonly RefusedObject[];
  /** The grace for connections that were open at the first install; ends at the first settle after `graceEndsAt`. */
  readonly grace: boolean;
  /** By the clock that the driver was given (performance.now()); undefined outside the grace. */
  readonly graceEndsAt: number | undefined;
  readonly chains: number;
  /** Maps included. */
  readonly sets: number;
  readonly elements: number;
}

/**
 * Makes the kernel enforce a ruleset. It is told the whole wish and changes only what differs. Closing it waits for a settle that is
 * under way; the rules stay, and what is not deleted yet, the next start deletes.
 */
export interface Dataplane extends AsyncDisposable {
  /**
   * Cheap: only remembers. The last wish wins; `touched` gathers until a settle worked. Undefined: look at everything.
   * The ruleset may be a live structure: it is read during `settle`.
   */
  want(ruleset: Ruleset, touched: Touched | undefined): void;
  /**
   * Brings the kernel to the wish, yielding to the event loop after steps of about 10 ms. Calls queue up. What fell out of use is
   * deleted afterwards; a call waits only for names that it wants again, and for an older epoch where it builds one.
   */
  settle(): Promise<Settled>;
  /** Ends when nothing is left to delete. What the kernel refuses to delete is left to the next settle. */
  tidied(): Promise<void>;
  /** Foreign hands changed the table: the next settle builds everything anew. Refused objects are tried again. */
  resync(): void;
  readonly status: DataplaneStatus;
}
