/** Whether this process runs in a container of a pod: Kubernetes gives all of them this variable. */
export function isInPod(environment: Readonly<Record<string, string | undefined>>): boolean {
  return (environment["KUBERNETES_SERVICE_HOST"] ?? "") !== "";
}
