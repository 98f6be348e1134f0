import type { RefusedObject } from "../dataplane.ts";
import type { Ruleset } from "../../model/ruleset.ts";
import { unreachable } from "../../model/unreachable.ts";
import type { Origin } from "./kernel-objects.ts";
import { isAboutNoObject, type StepFailure } from "./transactions.ts";

type ObjectOrigin = Exclude<Origin, { kind: "frame" }>;

/** What a failed transaction tells. */
export type Blame =
  /** These objects cannot be had; the rest can. */
  | { readonly kind: "objects"; readonly objects: readonly { origin: ObjectOrigin; because: string }[] }
  /** The kernel does not hold what memory says it holds. */
  | { readonly kind: "drift"; readonly found: string }
  /** Nobody's fault; later it may work. */
  | { readonly kind: "other"; readonly found: string };

/** What the kernel says when something is missing or in the way: among other failures these are consequences only. */
const PLACE_CODES: ReadonlySet<string> = new Set(["ENOENT", "EEXIST", "EBUSY"]);

function failureText({ step, code, message }: StepFailure): string {
  const what = step === undefined ? "the transaction" : JSON.stringify(step.command).slice(0, 300);
  return `${code === "" ? message : `${code} (${message})`} for ${what}`;
}

/** The first few, in one line. */
export function failureSummary(failures: readonly StepFailure[]): string {
  const shown = failures.slice(0, 3).map(failureText).join("; ");
  return failures.length > 3 ? `${shown}; and ${failures.length - 3} more` : shown;
}

function originOf({ step }: StepFailure): ObjectOrigin | undefined {
  return step === undefined || step.origin.kind === "frame" ? undefined : step.origin;
}

/** `live`: the transaction changed an epoch in use, so a missing thing means that memory is wrong. */
export function blame(failures: readonly StepFailure[], options: { readonly live: boolean }): Blame {
  const found = failureSummary(failures);
  if (failures.some(isAboutNoObject)) return { kind: "other", found };
  const roots = failures.filter(({ code }) => !PLACE_CODES.has(code));
  if (options.live && roots.length === 0) return { kind: "drift", found };
  const objects: { origin: ObjectOrigin; because: string }[] = [];
  for (const failure of roots.length > 0 ? roots : failures.slice(0, 1)) {
    const origin = originOf(failure);
    if (origin !== undefined) objects.push({ origin, because: failureText(failure) });
  }
  if (objects.length > 0) return { kind: "objects", objects };
  return options.live ? { kind: "drift", found } : { kind: "other", found };
}

/** For people: what was refused and what holds meanwhile. */
export function refusedObject(ruleset: Ruleset, origin: ObjectOrigin, because: string): RefusedObject {
  const { kind, id } = origin;
  switch (kind) {
    case "addressSet": {
      const title = ruleset.addressSets.get(id)?.title ?? id;
      return { kind, id, title, because, consequence: "rules with these peers match nobody" };
    }
    case "serviceSet": {
      const title = ruleset.serviceSets.get(id)?.title ?? id;
      return { kind, id, title, because, consequence: "rules with these named ports match nobody" };
    }
    case "program": {
      const title = ruleset.programs.get(id)?.title ?? id;
      return { kind, id, title, because, consequence: "endpoints with these policies drop everything" };
    }
    case "masquerade":
      return {
        kind,
        id,
        title: "packets that leave the cluster",
        because,
        consequence: "endpoints keep their own addresses outside",
      };
    case "endpoint":
      return { kind, id, title: id, because, consequence: "the endpoint sends and receives nothing" };
    default:
      return unreachable(kind);
  }
}
