import type { Touched } from "../../model/ruleset.ts";

/** Where to look: nowhere, at some places, or everywhere. */
export type Pending = { readonly kind: "some"; readonly touched: Touched } | { readonly kind: "everything" };

/** The members of one set that may differ. */
type Members<Member> = ReadonlySet<Member> | "whole";

// A set that went and came again between two passes, the first of which failed, is in the kernel with its old members still.
function mergeMembers<Id, Member>(
  a: ReadonlyMap<Id, Members<Member>>,
  b: ReadonlyMap<Id, Members<Member>>,
): Map<Id, Members<Member>> {
  const merged = new Map(a);
  for (const [id, members] of b) {
    const before = merged.get(id) ?? members;
    const whole = before === "whole" || members === "whole";
    merged.set(id, whole ? "whole" : before === members ? members : before.union(members));
  }
  return merged;
}

export function addTouched(before: Pending | undefined, touched: Touched | undefined): Pending {
  if (touched === undefined || before?.kind === "everything") return { kind: "everything" };
  if (before === undefined) return { kind: "some", touched };
  return {
    kind: "some",
    touched: {
      addressSets: mergeMembers(before.touched.addressSets, touched.addressSets),
      serviceSets: mergeMembers(before.touched.serviceSets, touched.serviceSets),
      programs: before.touched.programs.union(touched.programs),
      endpoints: before.touched.endpoints.union(touched.endpoints),
    },
  };
}

export function mergePending(a: Pending | undefined, b: Pending | undefined): Pending | undefined {
  if (a === undefined) return b;
  if (b === undefined) return a;
  return addTouched(a, b.kind === "everything" ? undefined : b.touched);
}

/** Whether the place that was refused may have changed. */
export function touches(pending: Pending, refused: { readonly kind: string; readonly id: string }): boolean {
  if (pending.kind === "everything") return true;
  const { addressSets, serviceSets, programs, endpoints } = pending.touched;
  const places: Record<string, { has(id: string): boolean }> = {
    addressSet: addressSets,
    serviceSet: serviceSets,
    program: programs,
    endpoint: endpoints,
  };
  return places[refused.kind]?.has(refused.id) ?? false;
}
