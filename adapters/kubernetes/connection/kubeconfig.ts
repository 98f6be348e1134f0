import { resolve } from "node:path";
import type { Cluster, KubeConfig, User } from "@kubernetes/client-node";
import * as v from "valibot";
import type { Environment } from "../../../model/environment.ts";
import type { ConnectionOptions } from "./connection-options.ts";
import type { Connection, Login } from "./connection.ts";
import { type ExecPlugin, parseExecPlugin } from "./exec-plugin.ts";
import {
  kubeconfigError,
  type KubeconfigPart,
  KubeconfigText,
  parseKubeconfig,
  readKubeconfigs,
} from "./kubeconfig-parts.ts";
import { parseServer } from "./server-url.ts";
import type { TextSource } from "./text-source.ts";

// What KubeConfig takes for texts without looking.
const ClusterTexts = v.object({
  server: v.string("it is not a text"),
  caData: KubeconfigText,
  caFile: KubeconfigText,
  tlsServerName: KubeconfigText,
  proxyUrl: KubeconfigText,
});
const UserTexts = v.object({
  certData: KubeconfigText,
  certFile: KubeconfigText,
  keyData: KubeconfigText,
  keyFile: KubeconfigText,
  token: KubeconfigText,
  username: KubeconfigText,
  password: KubeconfigText,
  impersonateUser: KubeconfigText,
});

/** An entry and the file that it stands in. */
interface Found<Entry> {
  readonly entry: Entry;
  readonly part: KubeconfigPart;
  /** For people. */
  readonly name: string;
}

const NEXT = {
  context:
    "choose one of them by K8S_CURRENT_CONTEXT (calicoctl: --context), or by current-context in the file",
  cluster: "add the cluster, with its server, or take another context",
  user: "add the user, or take another context",
} as const;

/** As kubectl: the first file that has the name decides. */
function find<Entry extends { readonly name: string }>(
  parts: readonly KubeconfigPart[],
  what: "context" | "cluster" | "user",
  name: string,
  entries: (config: KubeConfig) => readonly Entry[],
): Found<Entry> {
  for (const part of parts) {
    const entry = entries(part.config).find((one) => one.name === name);
    if (entry !== undefined) return { entry, part, name: `${what} "${name}" of ${part.name}` };
  }
  const known = parts.flatMap((part) => entries(part.config).map((one) => `"${one.name}"`));
  throw kubeconfigError(
    parts.map((part) => part.name).join(":"),
    `there is no complete ${what} "${name}"; there ${known.length === 1 ? "is" : "are"}: ${known.join(", ") || "none"}`,
    NEXT[what],
  );
}

function source(
  { part, name }: Found<unknown>,
  field: string,
  data: string | null | undefined,
  path: string | null | undefined,
): TextSource | undefined {
  if (data) {
    return { kind: "inline", text: Buffer.from(data, "base64").toString(), name: `${field}-data of ${name}` };
  }
  return path ? { kind: "file", path: resolve(part.directory, path) } : undefined;
}

function checkTexts(schema: v.GenericSchema, { entry, part, name }: Found<unknown>): void {
  const parsed = v.safeParse(schema, entry);
  if (parsed.success) return;
  const [issue] = parsed.issues;
  throw kubeconfigError(
    part.name,
    `${name}: ${v.getDotPath(issue) ?? ""}: ${issue.message}`,
    "write it as a text, in quotes",
  );
}

function impersonation(user: Found<User>): Record<string, string> {
  const dropped = user.part.dropped.get(user.entry.name);
  const groups = dropped?.["as-groups"] ?? [];
  if (groups.length > 1 || Object.keys(dropped?.["as-user-extra"] ?? {}).length > 0) {
    throw kubeconfigError(
      user.part.name,
      `${user.name} impersonates by as-user-extra or by more than one of as-groups, which is not supported`,
      "give this program an account of its own",
    );
  }
  const headers = {
    "impersonate-user": user.entry.impersonateUser,
    "impersonate-uid": dropped?.["as-uid"],
    "impersonate-group": groups[0],
  };
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value ? [[name, value]] : [])),
  );
}

function execPlugin(user: Found<User>, cluster: Found<Cluster>): ExecPlugin | undefined {
  const { exec, authProvider } = user.entry;
  if (authProvider) {
    const provider = v.is(v.object({ name: v.string() }), authProvider) ? ` (${authProvider.name})` : "";
    throw kubeconfigError(
      user.part.name,
      `${user.name} logs in by auth-provider${provider}, which is not supported`,
      "use an exec plugin, a token, a tokenFile or a client certificate",
    );
  }
  if (!exec) return undefined;
  const { caData, caFile, server, skipTLSVerify, tlsServerName, proxyUrl } = cluster.entry;
  return parseExecPlugin(exec, {
    name: user.name,
    directory: user.part.directory,
    cluster: {
      server,
      ...(tlsServerName && { "tls-server-name": tlsServerName }),
      ...(skipTLSVerify && { "insecure-skip-tls-verify": true }),
      ...(caData && { "certificate-authority-data": caData }),
      ...(!caData && caFile && { "certificate-authority": resolve(cluster.part.directory, caFile) }),
      ...(proxyUrl && { "proxy-url": proxyUrl }),
      config: cluster.part.pluginConfigs.get(cluster.entry.name) ?? null,
    },
  });
}

function loginOf(user: Found<User>, cluster: Found<Cluster>, options: ConnectionOptions): Login {
  checkTexts(UserTexts, user);
  const { certData, certFile, keyData, keyFile, token, username, password } = user.entry;
  const certificate = source(user, "client-certificate", certData, certFile);
  const key = source(user, "client-key", keyData, keyFile);
  // As client-go: a file that can be read anew goes before a token that cannot.
  const tokenFile = source(user, "tokenFile", null, user.part.dropped.get(user.entry.name)?.tokenFile);
  const fixed: TextSource | undefined = token
    ? { kind: "inline", text: token, name: `token of ${user.name}` }
    : undefined;
  const anyToken = tokenFile ?? fixed;
  // What K8S_TOKEN or K8S_CERT_FILE replace need not be understood.
  const replaced = options.token ?? options.certFile ?? options.keyFile;
  const exec = replaced === undefined ? execPlugin(user, cluster) : undefined;
  return {
    ...(certificate !== undefined && { certificate }),
    ...(key !== undefined && { key }),
    ...(anyToken !== undefined && { token: anyToken }),
    ...(username && { basic: { username, password: password ?? "" } }),
    ...(exec !== undefined && { exec }),
    headers: impersonation(user),
  };
}

/**
 * What the kubeconfig says for the chosen context. Paths are made absolute, nothing but the kubeconfig is read.
 *
 * @throws ConnectionError naming the file and the entry.
 */
export async function kubeconfigConnection(
  options: ConnectionOptions,
  environment: Environment,
): Promise<Connection> {
  const { kubeconfig = "", kubeconfigInline } = options;
  const parts =
    kubeconfigInline === undefined
      ? await readKubeconfigs(kubeconfig, environment)
      : [parseKubeconfig(kubeconfigInline, "kubeconfigInline", process.cwd())];
  const names = parts.map((part) => part.name).join(":");
  const chosen = options.context ?? parts.map((part) => part.config.getCurrentContext()).find(Boolean);
  if (!chosen)
    throw kubeconfigError(
      names,
      "it has no current-context",
      "set K8S_CURRENT_CONTEXT to one of its contexts",
    );
  const context = find(parts, "context", chosen, (config) => config.getContexts()).entry;
  const cluster = find(parts, "cluster", context.cluster, (config) => config.getClusters());
  checkTexts(ClusterTexts, cluster);
  const { caData, caFile, proxyUrl, server, skipTLSVerify, tlsServerName } = cluster.entry;
  const authority = source(cluster, "certificate-authority", caData, caFile);
  if (skipTLSVerify && authority !== undefined && options.caFile === undefined) {
    if (options.insecureSkipTlsVerify !== true) {
      throw kubeconfigError(
        cluster.part.name,
        `${cluster.name} has a certificate-authority and insecure-skip-tls-verify, which contradict each other`,
        "remove insecure-skip-tls-verify, so that the server's certificate is checked",
      );
    }
  }
  return {
    server: parseServer(server, cluster.name),
    serverFrom: cluster.name,
    ...(tlsServerName && { tlsServerName }),
    ...(skipTLSVerify && { insecureFrom: `insecure-skip-tls-verify of ${cluster.name}` }),
    ...(authority !== undefined && { authority }),
    ...(proxyUrl && { proxy: { url: proxyUrl, from: `proxy-url of ${cluster.name}` } }),
    login: context.user
      ? loginOf(
          find(parts, "user", context.user, (config) => config.getUsers()),
          cluster,
          options,
        )
      : {},
  };
}
