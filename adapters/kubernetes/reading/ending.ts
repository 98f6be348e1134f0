import { type ApiStatus, parseApiStatus } from "../connection/api-status.ts";
import { ConnectionError } from "../connection/connection-error.ts";
import { MalformedError } from "./malformed-error.ts";

/** Why we cut an exchange off ourselves. */
export type Cut =
  /** The caller stops. */
  | "stopped"
  /** The server answers nobody. */
  | "frozen"
  /** The server answers others, but perhaps no longer on this connection. */
  | "doubted"
  /** This answer does not come, whatever the server does for others. */
  | "late"
  /** A streaming list says nothing. */
  | "impatient"
  /** No bookmark came where bookmarks come. */
  | "quiet"
  /** The watch is older than its server should let it be. */
  | "aged"
  /** The server has come back older than what is known of it. */
  | "older";

/** How a list or a watch ended. */
export type Ending =
  | { readonly kind: "stopped" }
  /** A list is complete. */
  | { readonly kind: "listed" }
  /** The server knows our version, or nothing speaks against it. */
  | { readonly kind: "current" }
  /** A watch, without an error. `told`: it said something; `early`: before its time, or nobody knows when. */
  | { readonly kind: "ended"; readonly told: boolean; readonly early: boolean }
  | { readonly kind: "quiet" }
  | { readonly kind: "impatient" }
  /** No answer, or one that broke off. */
  | { readonly kind: "disconnected"; readonly found: string; readonly next: string }
  /** The version is too old, or the `continue` token is. */
  | { readonly kind: "expired" }
  /** The version is of a future that this server does not know: it came back older. */
  | { readonly kind: "tooLarge" }
  /** Something was said that is no news: only a new list tells what is true. */
  | { readonly kind: "astray"; readonly found: string; readonly next: string }
  | { readonly kind: "refused"; readonly status: ApiStatus };

const SERVER_MAY_MEND =
  "nothing: it is read anew; if it stays so, look for a proxy or a fault between here and the server";

export function endingOfCut(cut: Cut, server: string): Ending {
  switch (cut) {
    case "stopped":
      return { kind: "stopped" };
    case "frozen":
      return {
        kind: "disconnected",
        found: `${server} takes connections and does not answer`,
        next: "see whether the API server is frozen or overloaded, or whether packets to it are lost; tries go on",
      };
    case "late":
      return {
        kind: "disconnected",
        found: `${server} began no answer in time, or stopped in the middle of a list`,
        next: "see whether the API server is overloaded, or whether packets to it are lost; tries go on",
      };
    case "impatient":
      return { kind: "impatient" };
    case "quiet":
      return { kind: "quiet" };
    case "aged":
      return { kind: "ended", told: true, early: false };
    case "doubted":
      return { kind: "ended", told: true, early: true };
    case "older":
      return { kind: "tooLarge" };
  }
}

/** What a thrown error means; errors that are no fault of server or network are thrown on. */
export function endingOfError(error: unknown, server: string): Ending {
  if (error instanceof MalformedError) {
    return { kind: "astray", found: `${server} sent ${error.message}`, next: SERVER_MAY_MEND };
  }
  if (error instanceof ConnectionError) {
    return { kind: "disconnected", found: error.found, next: error.next };
  }
  if (error instanceof BrokenOffError) {
    return {
      kind: "disconnected",
      found: `the answer of ${server} broke off: ${error.message}`,
      next: "see whether the API server is up; tries go on",
    };
  }
  throw error;
}

/** The connection was lost in the middle of an answer. */
export class BrokenOffError extends Error {
  override readonly name = "BrokenOffError";
}

function versionTooLarge({ message }: ApiStatus): boolean {
  // The cause ResourceVersionTooLarge came with 1.20; the words have been these since 1.9.
  return /too large resource version/i.test(message);
}

/** What an answer other than 200 means. */
export function endingOfStatus(status: ApiStatus): Ending {
  if (versionTooLarge(status)) return { kind: "tooLarge" };
  if (status.code === 410) return { kind: "expired" };
  return { kind: "refused", status };
}

/** What the object of an ERROR event means. */
export function endingOfErrorEvent(object: unknown, server: string): Ending {
  const status = parseApiStatus(object);
  if (status !== undefined && (status.code === 410 || versionTooLarge(status))) return endingOfStatus(status);
  const found = status === undefined ? `${server} sent an ERROR event without a status` : status.found;
  return { kind: "astray", found: `${found} (in an ERROR event)`, next: SERVER_MAY_MEND };
}
