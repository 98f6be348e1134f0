import * as v from "valibot";
import { readApiStatus } from "./api-status.ts";
import type { KubernetesClient } from "./client.ts";
import { failureOfRequest, type RequestFailure } from "./failure-of-request.ts";

const GROUP = "/apis/admissionregistration.k8s.io/v1";

const Resources = v.object({ resources: v.array(v.object({ name: v.string() })) });

export type AdmissionPolicies = { readonly kind: "served" } | { readonly kind: "absent" } | RequestFailure;

/**
 * Asks whether the API server serves ValidatingAdmissionPolicies, as servers do since 1.30. Every account that is logged in may
 * ask. One try; whatever goes wrong is told as a value.
 */
export async function askForAdmissionPolicies(
  client: KubernetesClient,
  signal: AbortSignal,
): Promise<AdmissionPolicies> {
  try {
    const response = await client.request({ path: GROUP, signal });
    if (!response.ok) {
      const { code, found, next } = await readApiStatus(response);
      return code === 404 ? { kind: "absent" } : { kind: "failed", because: found, next };
    }
    const { resources } = v.parse(Resources, await response.json());
    return {
      kind: resources.some(({ name }) => name === "validatingadmissionpolicies") ? "served" : "absent",
    };
  } catch (error) {
    return failureOfRequest(error, signal);
  }
}
