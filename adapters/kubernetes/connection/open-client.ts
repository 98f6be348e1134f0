import type { Environment } from "../../../model/environment.ts";
import { errorCode } from "../../../model/error-code.ts";
import { followAuthority } from "./authority.ts";
import type { ApiRequest, KubernetesClient } from "./client.ts";
import { ConnectionError } from "./connection-error.ts";
import type { ConnectionOptions } from "./connection-options.ts";
import type { Connection } from "./connection.ts";
import { type Credential, openCredentials } from "./credentials.ts";
import { environmentProxy, parseProxy, type Proxy } from "./proxy.ts";
import { requestFailure } from "./request-failure.ts";
import { resolveConnection } from "./resolve-connection.ts";

/** What is not the user's to say; the defaults are the real ones. */
export interface ClientSettings {
  readonly environment?: Environment;
  readonly serviceAccountDirectory?: string;
  readonly userAgent?: string;
  /** Milliseconds until the head of an answer must be there; its body may take for ever. */
  readonly answerLimit?: number;
  /** Milliseconds that an exec plugin may take. */
  readonly pluginLimit?: number;
  readonly now?: () => Date;
}

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64" };
const USER_AGENT = `tortie (${process.platform}/${ARCHITECTURES[process.arch] ?? process.arch})`;

type Tls = NonNullable<BunFetchRequestInit["tls"]>;

/** The same object for the same texts: Bun reuses connections by it. */
function rememberTls({
  insecureFrom,
  tlsServerName,
}: Connection): (ca: string | undefined, from: Credential) => Tls {
  let known: { readonly ca: string | undefined; readonly from: Credential; readonly tls: Tls } | undefined;
  return (ca, from) => {
    if (known !== undefined && known.ca === ca && known.from === from) return known.tls;
    const tls: Tls = {
      rejectUnauthorized: insecureFrom === undefined,
      ...(ca !== undefined && { ca }),
      ...(from.certificate !== undefined && { cert: from.certificate }),
      ...(from.key !== undefined && { key: from.key }),
      ...(tlsServerName !== undefined && { serverName: tlsServerName }),
    };
    known = { ca, from, tls };
    return tls;
  };
}

function chooseProxy({ server, proxy }: Connection, environment: Environment): Proxy | undefined {
  return proxy === undefined ? environmentProxy(server, environment) : parseProxy(proxy.url, proxy.from);
}

function targetOf(server: URL, { path, query = {} }: ApiRequest): URL {
  const url = new URL(server);
  url.pathname = server.pathname.replace(/\/$/, "") + path;
  url.search = new URLSearchParams(query).toString();
  return url;
}

/**
 * Bun would ask for gzip, and unpacks it as fast as it comes, however slowly it is read: a list of 150,000 pods took 735 MB at the
 * peak, and 332 MB without. A server spends no time on packing it then.
 */
const UNCOMPRESSED = "identity";

/** Callers try again after a ConnectionError only. The message is left to the cause, for it may quote a header. */
function unforeseen(error: unknown, tried: string): ConnectionError {
  const name = error instanceof Error ? error.name : typeof error;
  return new ConnectionError(
    "reset",
    {
      tried,
      found: `the request failed in a way that was not foreseen (${[name, errorCode(error)].filter(Boolean).join(" ")})`,
      next: "nothing: it is tried again; if it stays so, report it as a bug",
    },
    error,
  );
}

/** A plugin may take long; who does not want its answer any more need not wait for it. */
async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/**
 * Reads options, kubeconfig, certificates and tokens, and checks them; sends nothing yet.
 *
 * @throws ConnectionError
 */
export async function openClient(
  options: ConnectionOptions,
  settings: ClientSettings = {},
): Promise<KubernetesClient> {
  const { environment = process.env, now = () => new Date(), answerLimit = 60_000 } = settings;
  const { serviceAccountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount" } = settings;
  const connection = await resolveConnection(options, { environment, serviceAccountDirectory });
  const { server, insecureFrom, login } = connection;
  const secure = server.protocol === "https:";
  const proxy = chooseProxy(connection, environment);
  const authority = followAuthority(connection, now);
  const timeLimit = settings.pluginLimit ?? 60_000;
  const credentials = openCredentials(connection, { environment, now, timeLimit });
  const tlsFor = rememberTls(connection);
  // A plugin may take long or fail for a while: it runs before the first request.
  if (login.exec === undefined) await credentials.current();
  await authority.read();

  let session = new Bun.FetchSession();
  // Through a proxy Bun speaks HTTP/1.1 only, and without TLS nothing chooses between the two.
  let protocol: "http2" | "http1.1" = secure && proxy === undefined ? "http2" : "http1.1";

  const triedBy = ({ method = "GET", path }: ApiRequest): string => `${method} ${path} of ${server.origin}`;
  const send = async (request: ApiRequest, credential: Credential): Promise<Response> => {
    const { method = "GET", body, contentType = "application/json", signal } = request;
    const late = new AbortController();
    const init: BunFetchRequestInit = {
      method,
      ...(body !== undefined && { body }),
      headers: {
        ...credential.headers,
        accept: "application/json",
        "accept-encoding": UNCOMPRESSED,
        "user-agent": settings.userAgent ?? USER_AGENT,
        ...(body !== undefined && { "content-type": contentType }),
      },
      signal: AbortSignal.any([signal, late.signal]),
      redirect: "manual",
      timeout: false,
      // Said in any case: Bun obeys the environment by itself, by other rules.
      proxy: proxy === undefined ? false : { url: proxy.url, respectNoProxy: false },
      ...(secure && { tls: tlsFor(await authority.read(), credential) }),
    };
    const url = targetOf(server, request);
    const timer = setTimeout(() => late.abort(), answerLimit);
    try {
      return await fetchOnce(url, init);
    } catch (error) {
      if (signal.aborted) throw error;
      const tried = triedBy(request);
      if (!late.signal.aborted) throw requestFailure(error, tried, connection, proxy);
      throw new ConnectionError("timeout", {
        tried,
        found: `no answer came within ${answerLimit / 1000} s`,
        next: "nothing: it is tried again; if it stays so, see that the API server is not overloaded and no firewall drops packets",
      });
    } finally {
      clearTimeout(timer);
    }
  };
  const fetchOnce = async (url: URL, init: BunFetchRequestInit): Promise<Response> => {
    const asked = protocol;
    try {
      return await session.fetch(url, { ...init, ...(secure && { protocol: asked }) });
    } catch (error) {
      // EPROTO: a server that has no HTTP/2 may end the handshake over it, as OpenSSL's and Go's do.
      const mayLackHttp2 = ["HTTP2Unsupported", "EPROTO"].includes(errorCode(error) ?? "");
      if (asked === "http1.1" || !mayLackHttp2) throw error;
      const response = await session.fetch(url, { ...init, protocol: "http1.1" });
      protocol = "http1.1";
      return response;
    }
  };

  const insecureNotice =
    secure && insecureFrom !== undefined
      ? [
          `TLS certificates of ${server.host} are not verified (${insecureFrom}): whoever is on the way can read and change everything; next: give the cluster's certificate authority instead`,
        ]
      : [];
  return {
    server: server.href.replace(/\/$/, ""),
    get notices() {
      const { notice } = authority;
      return [...insecureNotice, ...credentials.notices, ...(notice === undefined ? [] : [notice])];
    },
    async request(request) {
      request.signal.throwIfAborted();
      try {
        const credential = await untilAborted(credentials.current(), request.signal);
        const response = await send(request, credential);
        if (response.status !== 401) return response;
        const fresh = await untilAborted(credentials.renewed(credential), request.signal);
        if (fresh === credential) return response;
        // Rejects where the body broke off meanwhile.
        await response.body?.cancel().catch(() => undefined);
        return await send(request, fresh);
      } catch (error) {
        if (request.signal.aborted || error instanceof ConnectionError) throw error;
        throw unforeseen(error, triedBy(request));
      }
    },
    reconnect() {
      // Closes what is idle only.
      session.close();
      session = new Bun.FetchSession();
    },
    [Symbol.dispose]() {
      session.close();
    },
  };
}
