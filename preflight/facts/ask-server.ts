import { type ApiStatus, readApiStatus } from "../../adapters/kubernetes/connection/api-status.ts";
import type { Asked } from "../../adapters/kubernetes/connection/api-status.ts";
import type { ApiRequest, KubernetesClient } from "../../adapters/kubernetes/connection/client.ts";

/** The server answered with something else than what was asked for. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  readonly status: ApiStatus;

  constructor(status: ApiStatus) {
    super(`${status.found}; ${status.next}`);
    this.status = status;
  }
}

export interface Answer {
  readonly object: unknown;
  /** The server's clock in milliseconds since 1970, to the second; undefined: it does not tell. */
  readonly serverTime: number | undefined;
}

/**
 * One question, one answer.
 *
 * @throws RefusedError, or ConnectionError; the signal's reason where that fires first.
 */
export async function askServer(
  client: KubernetesClient,
  request: ApiRequest,
  asked?: Asked,
): Promise<Answer> {
  const response = await client.request(request);
  if (!response.ok) throw new RefusedError(await readApiStatus(response, asked));
  const time = Date.parse(response.headers.get("date") ?? "");
  const object: unknown = JSON.parse(await response.text());
  return { object, serverTime: Number.isNaN(time) ? undefined : time };
}
