import type { KubernetesClient } from "../../adapters/kubernetes/connection/client.ts";
import { connectionOptionsFrom } from "../../adapters/kubernetes/connection/connection-options.ts";
import { openClient } from "../../adapters/kubernetes/connection/open-client.ts";

export interface Setting {
  readonly environment?: Readonly<Record<string, string>>;
  readonly serviceAccountDirectory?: string;
}

/** A client as the agent opens it with such an environment. */
export function clientOf({ environment = {}, ...settings }: Setting): Promise<KubernetesClient> {
  return openClient(
    connectionOptionsFrom((name) => environment[name]),
    { environment: { PATH: process.env["PATH"], ...environment }, ...settings },
  );
}

/** Who the server takes the client for: it says so as it refuses, for nobody in these tests may read secrets. */
export async function whoIs(client: KubernetesClient): Promise<string> {
  const response = await client.request({ path: "/api/v1/secrets", signal: AbortSignal.timeout(10_000) });
  const text = await response.text();
  return /User \\"([^"\\]*)\\" cannot list/.exec(text)?.[1] ?? `${response.status} ${text}`;
}

export async function who(setting: Setting): Promise<string> {
  using client = await clientOf(setting);
  return whoIs(client);
}

/** The message of the error that it ends with. */
export async function failure(promise: Promise<unknown>): Promise<string> {
  try {
    return `no error, but ${JSON.stringify(await promise)}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
