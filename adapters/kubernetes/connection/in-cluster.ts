import { isIPv6 } from "node:net";
import { join } from "node:path";
import { ConnectionError } from "./connection-error.ts";
import type { Connection, Surroundings } from "./connection.ts";
import { parseServer } from "./server-url.ts";

/**
 * The API server that a pod is told of by its environment, and the service account that is mounted into it.
 *
 * @throws ConnectionError where this is no pod.
 */
export function inClusterConnection({ environment, serviceAccountDirectory }: Surroundings): Connection {
  const host = environment["KUBERNETES_SERVICE_HOST"]?.trim() ?? "";
  const port = environment["KUBERNETES_SERVICE_PORT"]?.trim() ?? "";
  if (host === "" || port === "") {
    const missing = host === "" ? "KUBERNETES_SERVICE_HOST" : "KUBERNETES_SERVICE_PORT";
    throw new ConnectionError("configuration", {
      tried: "find the API server",
      found: `neither KUBECONFIG nor K8S_API_ENDPOINT is set, and this is not a pod (${missing} is not set)`,
      next: "set KUBECONFIG to a kubeconfig file, or K8S_API_ENDPOINT to the server's URL",
    });
  }
  const serverFrom = "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT";
  const file = (name: string): { kind: "file"; path: string } => ({
    kind: "file",
    path: join(serviceAccountDirectory, name),
  });
  return {
    server: parseServer(`https://${isIPv6(host) ? `[${host}]` : host}:${port}`, serverFrom),
    serverFrom,
    authority: file("ca.crt"),
    login: { token: file("token") },
  };
}
