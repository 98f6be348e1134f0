import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { ConnectionError } from "./connection-error.ts";
import type { ConnectionOptions } from "./connection-options.ts";
import type { Connection, Login, Surroundings } from "./connection.ts";
import { inClusterConnection } from "./in-cluster.ts";
import { parseServer } from "./server-url.ts";
import type { TextSource } from "./text-source.ts";

async function baseConnection(options: ConnectionOptions, surroundings: Surroundings): Promise<Connection> {
  const { kubeconfig, kubeconfigInline, context, endpoint } = options;
  if (kubeconfig !== undefined || kubeconfigInline !== undefined) {
    // Loaded only here: it brings client-node with it.
    const { kubeconfigConnection } = await import("./kubeconfig.ts");
    return kubeconfigConnection(options, surroundings.environment);
  }
  if (context !== undefined) {
    throw new ConnectionError("configuration", {
      tried: `use the context "${context}" (K8S_CURRENT_CONTEXT)`,
      found: "there is no kubeconfig that could have it",
      next: "set KUBECONFIG to the kubeconfig file, or do not set K8S_CURRENT_CONTEXT",
    });
  }
  if (endpoint !== undefined) {
    return { server: parseServer(endpoint, "K8S_API_ENDPOINT"), serverFrom: "K8S_API_ENDPOINT", login: {} };
  }
  return inClusterConnection(surroundings);
}

function file(path: string): TextSource {
  return { kind: "file", path: resolve(path) };
}

function checkToken(token: string, server: URL): void {
  if (!token.includes("/") || !existsSync(token)) return;
  throw new ConnectionError("configuration", {
    tried: `log in to ${server.origin}`,
    found: `K8S_TOKEN is the path of a file, ${token}, where the token itself is wanted`,
    next: "set K8S_TOKEN to what is in the file, or name the file as tokenFile of a kubeconfig's user: it is then read again when it changes",
  });
}

/** A token given by hand is meant: the base's token, password and plugin are then out of play. A certificate is, of its own kind. */
function overriddenLogin(base: Login, options: ConnectionOptions): Login {
  const { token, certFile, keyFile } = options;
  const { token: _token, basic: _basic, exec, ...rest } = base;
  const withToken: Login =
    token === undefined ? base : { ...rest, token: { kind: "inline", text: token, name: "K8S_TOKEN" } };
  const { exec: _exec, ...withoutExec } = withToken;
  const byCertificate = certFile !== undefined || keyFile !== undefined;
  return {
    ...(exec !== undefined && token === undefined && !byCertificate ? withToken : withoutExec),
    ...(certFile !== undefined && { certificate: file(certFile) }),
    ...(keyFile !== undefined && { key: file(keyFile) }),
  };
}

/** K8S_CA_FILE means that it is checked, K8S_INSECURE_SKIP_TLS_VERIFY that it is not: each turns the base's opposite off. */
function overriddenTrust(
  base: Connection,
  { caFile, insecureSkipTlsVerify }: ConnectionOptions,
): Pick<Connection, "authority" | "insecureFrom"> {
  if (insecureSkipTlsVerify === true) {
    if (caFile === undefined) return { insecureFrom: "K8S_INSECURE_SKIP_TLS_VERIFY" };
    throw new ConnectionError("configuration", {
      tried: `reach ${base.server.origin}`,
      found: "K8S_CA_FILE and K8S_INSECURE_SKIP_TLS_VERIFY contradict each other",
      next: "remove K8S_INSECURE_SKIP_TLS_VERIFY, so that the server's certificate is checked",
    });
  }
  if (caFile !== undefined) return { authority: file(caFile) };
  return {
    ...(base.authority !== undefined && { authority: base.authority }),
    ...(base.insecureFrom !== undefined && { insecureFrom: base.insecureFrom }),
  };
}

/**
 * Puts together what people gave, as Calico does: the kubeconfig is the base, K8S_* override parts of it; without both it
 * is the service account of the pod that this runs in.
 *
 * @throws ConnectionError
 */
export async function resolveConnection(
  options: ConnectionOptions,
  surroundings: Surroundings,
): Promise<Connection> {
  const base = await baseConnection(options, surroundings);
  if (options.token !== undefined) checkToken(options.token, base.server);
  const login = overriddenLogin(base.login, options);
  if ((login.certificate === undefined) !== (login.key === undefined)) {
    const [there, missing] =
      login.key === undefined
        ? ["certificate", "key (K8S_KEY_FILE)"]
        : ["key", "certificate (K8S_CERT_FILE)"];
    throw new ConnectionError("configuration", {
      tried: `log in to ${base.server.origin}`,
      found: `there is a client ${there} without its ${missing.split(" ")[0]}`,
      next: `give the ${missing}, or neither`,
    });
  }
  const { authority: _authority, insecureFrom: _insecureFrom, ...rest } = base;
  return {
    ...rest,
    ...(options.endpoint !== undefined && {
      server: parseServer(options.endpoint, "K8S_API_ENDPOINT"),
      serverFrom: "K8S_API_ENDPOINT",
    }),
    ...overriddenTrust(base, options),
    login,
  };
}
