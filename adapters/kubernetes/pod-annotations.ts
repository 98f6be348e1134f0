import type { Annotated, PodAnnotation } from "../datastore.ts";
import { type ApiStatus, readApiStatus } from "./connection/api-status.ts";
import type { KubernetesClient } from "./connection/client.ts";
import { failureOfRequest } from "./connection/failure-of-request.ts";
import { podPath } from "./store/resources.ts";

const PREFIX = "cni.projectcalico.org/";
const ASKED = { verb: "patch", resource: "pods/status", group: "" } as const;

/** As Calico's plugin writes them; what is gone is empty, for the key's absence would say that nobody knows. */
function annotationsOf({ addresses, containerId }: PodAnnotation): Record<string, string> {
  const blocks = addresses.map((address) => `${address}/${address.includes(":") ? 128 : 32}`);
  return {
    [`${PREFIX}podIP`]: blocks[0] ?? "",
    [`${PREFIX}podIPs`]: blocks.join(","),
    ...(blocks.length > 0 && { [`${PREFIX}containerID`]: containerId }),
  };
}

/** Whether there is no pod of that name, or one of another UID: 1.20 calls that invalid, since a UID cannot be changed. */
function isOfAnother({ code, reason, message }: ApiStatus): boolean {
  return (
    (code === 404 && reason === "NotFound") ||
    (code === 409 && message.includes("UID")) ||
    (code === 422 && message.includes("metadata.uid"))
  );
}

/** Whether RBAC refuses; an admission policy speaks otherwise. */
function isNoRight({ code, message }: ApiStatus): boolean {
  return code === 403 && / cannot patch (resource ")?pods\/status\b/.test(message);
}

/**
 * Patches the pod's annotations through its status, which needs the least rights, on the condition that it is the pod of that UID.
 * One try; whatever goes wrong is told as a value.
 */
export async function patchPodAnnotations(
  client: KubernetesClient,
  annotation: PodAnnotation,
  signal: AbortSignal,
): Promise<Annotated> {
  const { namespace, pod, uid } = annotation;
  const path = podPath(namespace, pod);
  if (path === undefined) return { kind: "gone" };
  try {
    const response = await client.request({
      path: `${path}/status`,
      method: "PATCH",
      contentType: "application/strategic-merge-patch+json",
      body: JSON.stringify({ metadata: { uid, annotations: annotationsOf(annotation) } }),
      signal,
    });
    if (response.ok) {
      await response.body?.cancel().catch(() => undefined);
      return { kind: "annotated" };
    }
    const status = await readApiStatus(response, ASKED);
    if (isOfAnother(status)) return { kind: "gone" };
    const kind = isNoRight(status) ? "notAllowed" : "failed";
    return { kind, because: status.found, next: status.next };
  } catch (error) {
    return failureOfRequest(error, signal);
  }
}
