import { errorCode } from "../../../model/error-code.ts";
import { ConnectionError } from "./connection-error.ts";
import type { Connection } from "./connection.ts";
import type { Proxy } from "./proxy.ts";
import { sourceName } from "./text-source.ts";

const NOT_BELIEVED = [
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "CERT_SIGNATURE_FAILURE",
  "CERT_UNTRUSTED",
  "INVALID_CA",
];

/** Words for what Bun's fetch throws where no answer came; Bun tells them apart by `code` only. */
export function requestFailure(
  error: unknown,
  request: string,
  connection: Connection,
  proxy: Proxy | undefined,
): ConnectionError {
  const { server, serverFrom, authority, login } = connection;
  const code = errorCode(error) ?? "";
  const message = error instanceof Error ? error.message : String(error);
  const through = proxy === undefined ? "" : ` through the proxy ${proxy.name}`;
  const fail = (kind: ConnectionError["kind"], found: string, next: string): ConnectionError =>
    new ConnectionError(kind, { tried: `${request}${through}`, found, next }, error);
  const authorityName = authority === undefined ? undefined : sourceName(authority);
  const certificateAsked = login.certificate !== undefined || login.exec !== undefined;

  if (NOT_BELIEVED.includes(code)) {
    const by = authorityName ?? "an authority that this system trusts";
    return fail(
      "tls",
      `the certificate of ${server.host} is not signed by ${authorityName === undefined ? by : `the authority in ${by}`}`,
      authorityName === undefined
        ? "give the cluster's certificate authority (K8S_CA_FILE, or certificate-authority in the kubeconfig)"
        : `put the cluster's certificate authority into ${authorityName}, and see that ${serverFrom} names the right server`,
    );
  }
  switch (code) {
    case "ERR_TLS_CERT_ALTNAME_INVALID": {
      const wanted = connection.tlsServerName ?? server.hostname;
      return fail(
        "tls",
        `the certificate of ${server.host} is not for ${wanted}`,
        connection.tlsServerName === undefined
          ? "use a name or address that the certificate holds, or set tls-server-name in the kubeconfig to one"
          : "set tls-server-name in the kubeconfig to a name that the certificate holds",
      );
    }
    case "CERT_HAS_EXPIRED":
      return fail(
        "tls",
        `the certificate of ${server.host}, or of its authority, has expired; this machine's clock says ${new Date().toISOString()}`,
        "renew the API server's certificate, or set the clock right",
      );
    case "CERT_NOT_YET_VALID":
      return fail(
        "tls",
        `the certificate of ${server.host}, or of its authority, is not valid yet; this machine's clock says ${new Date().toISOString()}`,
        "set the clock right",
      );
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return fail(
        proxy === undefined ? "name" : "proxy",
        `the name ${/ENOTFOUND (\S+)/.exec(message)?.[1] ?? server.hostname} has no address`,
        `correct the name in ${proxy === undefined ? serverFrom : proxy.name}, or see that DNS works on this machine`,
      );
    case "ERR_PROXY_TUNNEL":
      return fail(
        "proxy",
        `the proxy refuses: ${message}`,
        message.includes(" 407")
          ? "give the proxy's user name and password in its URL (http://user:password@host:port)"
          : `let the proxy connect to ${server.host}, or name ${server.hostname} in NO_PROXY`,
      );
    case "ECONNREFUSED":
    case "ENETUNREACH":
    case "EHOSTUNREACH":
    case "EINVAL":
    case "EADDRNOTAVAIL":
    case "FailedToOpenSocket":
      return proxy === undefined
        ? fail(
            "refused",
            `${server.host} cannot be connected to (${code})`,
            `see that the API server runs, and that ${serverFrom} names it and its port`,
          )
        : fail(
            "proxy",
            `the proxy cannot be connected to (${code})`,
            "see that the proxy runs, or name the server in NO_PROXY",
          );
    case "ETIMEDOUT":
    case "ConnectionTimeout":
      return fail("timeout", "no answer came in time", "see that no firewall drops packets on the way");
    case "EPROTO":
      return fail(
        "protocol",
        `the TLS handshake with ${server.host} failed: no TLS is spoken there, or the server refuses ${certificateAsked ? "our client certificate" : "to speak without a client certificate"}`,
        `see that ${serverFrom} names the port that speaks HTTPS, and that the credentials are of this cluster`,
      );
    default:
      return fail(
        "reset",
        `the connection was closed before the answer (${code || message})${server.protocol === "http:" ? ": perhaps HTTPS is spoken there" : ""}`,
        server.protocol === "http:"
          ? "write https:// in the server's URL if so; else nothing: it is tried again"
          : "nothing: it is tried again; if it stays so, see the API server's log, and that it accepts our credentials",
      );
  }
}
