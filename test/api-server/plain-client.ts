import type { KubernetesClient } from "../../adapters/kubernetes/connection/client.ts";
import { ConnectionError } from "../../adapters/kubernetes/connection/connection-error.ts";

/** A client without credentials, for a server on loopback: what is tested is how answers are read. */
export function plainClient(server: string): KubernetesClient {
  return {
    server,
    notices: [],
    async request({ path, query = {}, signal }) {
      try {
        return await fetch(`${server}${path}?${new URLSearchParams(query).toString()}`, {
          signal,
          timeout: false,
        } as RequestInit);
      } catch (error) {
        const found = error instanceof Error ? error.message : String(error);
        throw new ConnectionError(
          "refused",
          { tried: `GET ${path}`, found, next: "start the server" },
          error,
        );
      }
    },
    [Symbol.dispose]: () => undefined,
  };
}
