import { getCACertificates } from "node:tls";
import { checkAuthorities } from "./certificates.ts";
import { ConnectionError, fileFailure } from "./connection-error.ts";
import type { Connection } from "./connection.ts";
import { followText } from "./text-source.ts";

export interface FollowedAuthority {
  /** What is wrong with a change, while what was there before it stays in use. */
  readonly notice: string | undefined;
  /**
   * The PEM that the server's certificate is checked against; undefined: none, or what Bun has.
   *
   * @throws ConnectionError naming the file.
   */
  read(): Promise<string | undefined>;
}

/** Gives the PEM of the authorities, read again when the file changes; what cannot be used is not taken. */
export function followAuthority(
  { authority, server, insecureFrom }: Connection,
  now: () => Date,
): FollowedAuthority {
  if (server.protocol === "http:" || insecureFrom !== undefined) {
    return { notice: undefined, read: () => Promise.resolve(undefined) };
  }
  if (authority === undefined) {
    // As Go does: the system's store. Bun by itself believes its own list only.
    const system = getCACertificates("system").join("\n") || undefined;
    return { notice: undefined, read: () => Promise.resolve(system) };
  }
  const text = followText(authority);
  let known: string | undefined;
  let refused: string | undefined;
  let notice: string | undefined;
  const check = (pem: string): void => {
    if (pem === known || pem === refused) return;
    try {
      checkAuthorities({ name: text.name, text: pem }, server.origin, now());
      known = pem;
      notice = undefined;
    } catch (error) {
      if (known === undefined || !(error instanceof ConnectionError)) throw error;
      refused = pem;
      notice = `${error.found}; the certificate authority before it stays in use`;
    }
  };
  return {
    get notice() {
      return notice;
    },
    async read() {
      check(
        await text.read().catch((error: unknown) => {
          throw new ConnectionError(
            "configuration",
            {
              tried: `read the certificate authority of ${server.origin}`,
              found: `${text.name}: ${fileFailure(error)}`,
              next: "put the cluster's certificate authority there, in PEM form",
            },
            error,
          );
        }),
      );
      return known;
    },
  };
}
