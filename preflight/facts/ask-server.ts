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

/** Another program than an API server answers. */
export class StrangeAnswerError extends Error {
  override readonly name = "StrangeAnswerError";
}

const STRANGE = "answers with something that is not Kubernetes'";

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
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
 * @throws RefusedError, StrangeAnswerError or ConnectionError; the signal's reason where that fires first.
 */
export async function askServer(
  client: KubernetesClient,
  request: ApiRequest,
  asked?: Asked,
): Promise<Answer> {
  const response = await client.request(request);
  if (!response.ok) throw new RefusedError(await readApiStatus(response, asked));
  const time = Date.parse(response.headers.get("date") ?? "");
  const object = parsed(await response.text());
  if (object === undefined) throw new StrangeAnswerError(`${client.server}${request.path} ${STRANGE}`);
  return { object, serverTime: Number.isNaN(time) ? undefined : time };
}
