import { ConnectionError } from "./connection-error.ts";

export interface RequestFailure {
  readonly kind: "failed";
  readonly because: string;
  readonly next: string;
}

/** What a request that threw came to. */
export function failureOfRequest(error: unknown, signal: AbortSignal): RequestFailure {
  if (error instanceof ConnectionError)
    return { kind: "failed", because: `${error.tried}: ${error.found}`, next: error.next };
  if (signal.aborted)
    return { kind: "failed", because: "it was given up before an answer came", next: "nothing" };
  const because = error instanceof Error ? error.message : String(error);
  return { kind: "failed", because, next: "see whether the API server is up" };
}
