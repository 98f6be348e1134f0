import type { Annotated } from "../datastore.ts";
import { type AdmissionPolicies, askForAdmissionPolicies } from "./connection/admission-policies.ts";
import type { KubernetesClient } from "./connection/client.ts";

/** Why pods are not to be annotated; undefined: they are. */
type Refusal = Extract<Annotated, { kind: "leftOut" | "failed" }> | undefined;

const LEFT_OUT: Refusal = {
  kind: "leftOut",
  because:
    "the API server has no ValidatingAdmissionPolicy (it came with 1.30), so the right to annotate pods would hold for those of every node",
  next: "nothing, where nobody reads the annotations; TORTIE_PODANNOTATIONS=true writes them all the same",
};

/**
 * RBAC cannot name a node's pods, an admission policy can: without one, whoever has a node's token may annotate the pods of all
 * nodes. The answer is asked for once, and again only where the question failed.
 */
export function createBindingQuestion(): (client: KubernetesClient, signal: AbortSignal) => Promise<Refusal> {
  let asked: Promise<AdmissionPolicies> | undefined;
  return async (client, signal) => {
    const asking = (asked ??= askForAdmissionPolicies(client, signal));
    const answer = await asking;
    if (answer.kind === "failed") {
      if (asked === asking) asked = undefined;
      return answer;
    }
    return answer.kind === "served" ? undefined : LEFT_OUT;
  };
}
