import type { Annotated } from "../datastore.ts";
import { type AdmissionPolicies, askForAdmissionPolicies } from "./connection/admission-policies.ts";
import type { KubernetesClient } from "./connection/client.ts";

/** Milliseconds. */
const HOUR = 3_600_000;

/** Why pods are not to be annotated; undefined: they are. */
type Refusal = Extract<Annotated, { kind: "notAllowed" | "failed" }> | undefined;

const UNBOUND: Refusal = {
  kind: "notAllowed",
  because:
    "the API server has no ValidatingAdmissionPolicy (it came with 1.30), so the right to annotate pods would hold for those of every node",
  next: "nothing, where nobody reads the annotations; TORTIE_PODANNOTATIONS=true writes them all the same; a newer API server is noticed within an hour",
};

/**
 * RBAC cannot name a node's pods, an admission policy can: without one, whoever has a node's token may annotate the pods of all
 * nodes. The answer counts for an hour, for agents outlive the upgrade of a server; a question that failed is asked again.
 */
export function createBindingQuestion(
  now: () => number = () => performance.now(),
): (client: KubernetesClient, signal: AbortSignal) => Promise<Refusal> {
  let last: { readonly at: number; readonly asking: Promise<AdmissionPolicies> } | undefined;
  return async (client, signal) => {
    if (last === undefined || now() - last.at >= HOUR)
      last = { at: now(), asking: askForAdmissionPolicies(client, signal) };
    const mine = last;
    const answer = await mine.asking;
    if (answer.kind === "failed") {
      if (last === mine) last = undefined;
      return answer;
    }
    return answer.kind === "served" ? undefined : UNBOUND;
  };
}
