import type { KubernetesClient } from "./client.ts";
import type { ConnectionOptions } from "./connection-options.ts";

/** PLACEHOLDER for the others' type checks. */
export function openClient(_options: ConnectionOptions): Promise<KubernetesClient> {
  return Promise.reject(new Error("not there yet"));
}
