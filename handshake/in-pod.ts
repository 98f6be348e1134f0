import type { Environment } from "../model/environment.ts";

/** Whether this process runs in a container of a pod: Kubernetes gives all of them this variable. */
export function isInPod(environment: Environment): boolean {
  return (environment["KUBERNETES_SERVICE_HOST"] ?? "") !== "";
}
