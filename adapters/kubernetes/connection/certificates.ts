import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { errorCode } from "../../../model/error-code.ts";
import { ConnectionError, type ConnectionErrorKind } from "./connection-error.ts";

// Bun calls a PEM text that it cannot read a typo in the URL, so everything is read here before a request is sent.

/** PEM text and what people call it: a file, or a field of a kubeconfig. */
export interface NamedText {
  readonly name: string;
  readonly text: string;
}

const CERTIFICATE = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]*-----END (?:TRUSTED )?CERTIFICATE-----/g;

function contents(text: string): string {
  const label = /-----BEGIN ([A-Z0-9 ]+)-----/.exec(text)?.[1];
  if (label !== undefined) return `only a ${label.toLowerCase()}`;
  if (text.trim() === "") return "nothing";
  return "something that is not PEM (no -----BEGIN ... line)";
}

/** @throws ConnectionError where there is none, or one that cannot be read. */
function parseCertificates(
  { name, text }: NamedText,
  kind: ConnectionErrorKind,
  tried: string,
): readonly [X509Certificate, ...X509Certificate[]] {
  const blocks = text.match(CERTIFICATE) ?? [];
  const [first, ...rest] = blocks.map((block, at) => {
    try {
      return new X509Certificate(block);
    } catch (error) {
      const which = blocks.length === 1 ? "the certificate" : `certificate ${at + 1} of ${blocks.length}`;
      throw new ConnectionError(
        kind,
        {
          tried,
          found: `${name}: ${which} cannot be read; what stands between its BEGIN and END lines is damaged`,
          next: "put the certificate there anew, in PEM form",
        },
        error,
      );
    }
  });
  if (first !== undefined) return [first, ...rest];
  throw new ConnectionError(kind, {
    tried,
    found: `${name} holds no certificate: found ${contents(text)}`,
    next: "put a certificate there in PEM form (-----BEGIN CERTIFICATE-----)",
  });
}

/** Why `certificate` is not valid at `now`; undefined where it is. */
function outOfDate(certificate: X509Certificate, now: Date): string | undefined {
  const clock = `; this machine's clock says ${now.toISOString()}`;
  if (certificate.validToDate < now) {
    return `expired on ${certificate.validToDate.toISOString()}${clock}`;
  }
  if (certificate.validFromDate > now) {
    return `is not valid before ${certificate.validFromDate.toISOString()}${clock}`;
  }
  return undefined;
}

/**
 * Checks the certificates that `server`'s own must be signed by. One that is out of date does no harm beside one that is not.
 *
 * @throws ConnectionError naming the file.
 */
export function checkAuthorities(authorities: NamedText, server: string, now: Date): void {
  const tried = `read the certificate authority of ${server}`;
  const certificates = parseCertificates(authorities, "configuration", tried);
  const why = certificates.map((certificate) => outOfDate(certificate, now));
  if (why.includes(undefined)) return;
  throw new ConnectionError("configuration", {
    tried,
    found: `${authorities.name}: the certificate ${why[0]}`,
    next: "put the cluster's present certificate authority there, or set the clock right",
  });
}

function parseKey({ name, text }: NamedText, tried: string): KeyObject {
  const fail = (found: string, next: string, cause?: unknown): ConnectionError =>
    new ConnectionError("credentials", { tried, found: `${name}${found}`, next }, cause);
  if (!/-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY-----/.test(text)) {
    throw fail(
      ` holds no private key: found ${contents(text)}`,
      "put the key of the client certificate there in PEM form (-----BEGIN PRIVATE KEY-----)",
    );
  }
  try {
    return createPrivateKey(text);
  } catch (error) {
    if (errorCode(error) === "ERR_MISSING_PASSPHRASE") {
      throw fail(": the private key is protected by a passphrase", "put the key there without one", error);
    }
    throw fail(
      ": the private key cannot be read; what stands between its BEGIN and END lines is damaged",
      "put the key there anew, in PEM form",
      error,
    );
  }
}

/** A certificate and key that belong together. */
export interface CheckedPair {
  /** When the certificate ends, in milliseconds since 1970. */
  readonly expires: number;
  /** @throws ConnectionError naming the file, where the certificate is not valid at `now`. */
  checkDates(now: Date): void;
}

/**
 * Reads a client certificate and its key for `server`.
 *
 * @throws ConnectionError naming the file, where one cannot be read or the two do not belong together.
 */
export function checkPair(certificate: NamedText, key: NamedText, server: string): CheckedPair {
  const tried = `read the client certificate for ${server}`;
  const [own] = parseCertificates(certificate, "credentials", tried);
  if (!own.checkPrivateKey(parseKey(key, tried))) {
    throw new ConnectionError("credentials", {
      tried,
      found: `the key in ${key.name} is not that of the certificate in ${certificate.name}`,
      next: "give the certificate and the key that were made together",
    });
  }
  return {
    expires: own.validToDate.getTime(),
    checkDates(now) {
      const why = outOfDate(own, now);
      if (why === undefined) return;
      throw new ConnectionError("credentials", {
        tried,
        found: `${certificate.name}: the certificate of ${own.subject.replaceAll("\n", ", ")} ${why}`,
        next: "put a certificate there that is valid now, or set the clock right",
      });
    },
  };
}
