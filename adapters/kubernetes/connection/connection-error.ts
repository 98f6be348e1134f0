import { errorCode } from "../../../model/error-code.ts";

export type ConnectionErrorKind =
  /** Options, kubeconfig or certificates on our side: no request was sent. */
  | "configuration"
  /** A token, a plugin or a client certificate: no request was sent. */
  | "credentials"
  /** The server's name has no address. */
  | "name"
  /** Nothing listens there, or nothing of it can be reached. */
  | "refused"
  /** The connection was closed before the answer. */
  | "reset"
  | "timeout"
  /** The server's certificate is not to be believed. */
  | "tls"
  /** Another protocol is spoken there than TLS. */
  | "protocol"
  | "proxy";

export interface ConnectionErrorText {
  readonly tried: string;
  readonly found: string;
  readonly next: string;
}

/** No answer came from the API server. `message` holds all three parts; none of them ever holds a token or a key. */
export class ConnectionError extends Error implements ConnectionErrorText {
  override readonly name = "ConnectionError";
  readonly kind: ConnectionErrorKind;
  readonly tried: string;
  readonly found: string;
  readonly next: string;

  constructor(kind: ConnectionErrorKind, { tried, found, next }: ConnectionErrorText, cause?: unknown) {
    super(`${tried}: ${found}; next: ${next}`, { cause });
    this.kind = kind;
    this.tried = tried;
    this.found = found;
    this.next = next;
  }
}

/** Why a file could not be read, in words. */
export function fileFailure(error: unknown): string {
  const code = errorCode(error) ?? "";
  switch (code) {
    case "ENOENT":
      return "the file does not exist";
    case "EACCES":
    case "EPERM":
      return "the file may not be read by this user";
    case "EISDIR":
      return "it is a directory, not a file";
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
