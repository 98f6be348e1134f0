import type { Annotated } from "../datastore.ts";

const NOT_ALLOWED: Annotated = {
  kind: "notAllowed",
  because: "this account has no right to patch pods/status",
  next: "nothing, where nobody reads the annotations; deploy/manifests/tortie-annotations.yaml gives the right, and it counts within ten minutes",
};

/** Milliseconds until it is tried again. */
const PAUSE = 300_000;

/**
 * Tries a patch, unless the account was refused the right not long ago: one that reads only is none of the mistakes that are
 * tried anew for each pod.
 */
export function createRightToAnnotate(
  now: () => number = () => performance.now(),
): (patch: () => Promise<Annotated>) => Promise<Annotated> {
  let refusedAt = -Infinity;
  return async (patch) => {
    if (now() - refusedAt < PAUSE) return NOT_ALLOWED;
    const result = await patch();
    if (result.kind !== "notAllowed") return result;
    refusedAt = now();
    return NOT_ALLOWED;
  };
}
