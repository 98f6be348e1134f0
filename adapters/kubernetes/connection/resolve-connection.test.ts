import { expect, test } from "bun:test";
import { ConnectionError } from "./connection-error.ts";
import type { ConnectionOptions } from "./connection-options.ts";
import type { Connection } from "./connection.ts";
import { resolveConnection } from "./resolve-connection.ts";

const POD = { KUBERNETES_SERVICE_HOST: "10.96.0.1", KUBERNETES_SERVICE_PORT: "443" };

function resolved(options: ConnectionOptions, environment: Record<string, string> = {}): Promise<Connection> {
  return resolveConnection(options, { environment, serviceAccountDirectory: "/account" });
}

async function message(
  options: ConnectionOptions,
  environment: Record<string, string> = {},
): Promise<string> {
  const error: unknown = await resolved(options, environment).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConnectionError);
  return (error as ConnectionError).message;
}

const file = (path: string): object => ({ kind: "file", path });

/** A kubeconfig with a certificate authority, a token and a client certificate. */
function kubeconfigInline(cluster: object = {}, user: object = {}): string {
  return JSON.stringify({
    "current-context": "home",
    clusters: [
      {
        name: "home",
        cluster: { server: "https://base:6443/", "certificate-authority": "/base-ca", ...cluster },
      },
    ],
    users: [
      {
        name: "jane",
        user: { token: "base", "client-certificate": "/base.crt", "client-key": "/base.key", ...user },
      },
    ],
    contexts: [{ name: "home", context: { cluster: "home", user: "jane" } }],
  });
}

const BASE_TOKEN = { kind: "inline", text: "base", name: 'token of user "jane" of kubeconfigInline' };

test("a pod's service account is the default", async () => {
  const connection = await resolved({}, POD);
  expect(connection.server.href).toBe("https://10.96.0.1/");
  expect(connection).toMatchObject({
    authority: file("/account/ca.crt"),
    login: { token: file("/account/token") },
  });
  const six = { KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "6443" };
  expect((await resolved({}, six)).server.href).toBe("https://[fd00::1]:6443/");
});

test("outside a pod something must be given", async () => {
  expect(await message({})).toBe(
    "find the API server: neither KUBECONFIG nor K8S_API_ENDPOINT is set, and this is not a pod (KUBERNETES_SERVICE_HOST is not set); next: set KUBECONFIG to a kubeconfig file, or K8S_API_ENDPOINT to the server's URL",
  );
  expect(await message({}, { KUBERNETES_SERVICE_HOST: "10.96.0.1" })).toContain(
    "(KUBERNETES_SERVICE_PORT is not set)",
  );
  expect(await message({ context: "x" }, POD)).toStartWith(
    'use the context "x" (K8S_CURRENT_CONTEXT): there is no kubeconfig that could have it',
  );
});

test("a token that is the path of a file is told apart", async () => {
  const here = new URL(import.meta.url).pathname;
  expect(await message({ endpoint: "https://a:6443", token: here })).toBe(
    `log in to https://a:6443: K8S_TOKEN is the path of a file, ${here}, where the token itself is wanted; next: set K8S_TOKEN to what is in the file, or name the file as tokenFile of a kubeconfig's user: it is then read again when it changes`,
  );
  expect((await resolved({ endpoint: "https://a:6443", token: "a/b+c==" })).login.token).toBeDefined();
});

test("an endpoint alone takes nothing from the pod", async () => {
  const connection = await resolved({ endpoint: "10.0.0.1:6443" }, POD);
  expect(connection.server.href).toBe("https://10.0.0.1:6443/");
  expect(connection).toMatchObject({ serverFrom: "K8S_API_ENDPOINT", login: {} });
  expect(connection).not.toHaveProperty("authority");
});

test("the kubeconfig is the base", async () => {
  const connection = await resolved({ kubeconfigInline: kubeconfigInline() }, POD);
  expect(connection.server.href).toBe("https://base:6443/");
  expect(connection).toMatchObject({
    serverFrom: 'cluster "home" of kubeconfigInline',
    authority: file("/base-ca"),
    login: { token: BASE_TOKEN, certificate: file("/base.crt"), key: file("/base.key") },
  });
});

test("each K8S_* overrides its part, and only that", async () => {
  const base = kubeconfigInline();
  const endpoint = await resolved({ kubeconfigInline: base, endpoint: "https://other:1" });
  expect(endpoint.server.href).toBe("https://other:1/");
  expect(endpoint).toMatchObject({ authority: file("/base-ca"), login: { token: BASE_TOKEN } });
  const authority = await resolved({ kubeconfigInline: base, caFile: "/ca" });
  expect(authority).toMatchObject({ authority: file("/ca"), login: { token: BASE_TOKEN } });
  const token = await resolved({ kubeconfigInline: base, token: "t" });
  expect(token.login).toMatchObject({
    token: { kind: "inline", text: "t", name: "K8S_TOKEN" },
    certificate: file("/base.crt"),
  });
  const certificate = await resolved({ kubeconfigInline: base, certFile: "/a.crt", keyFile: "/a.key" });
  expect(certificate.login).toMatchObject({
    token: BASE_TOKEN,
    certificate: file("/a.crt"),
    key: file("/a.key"),
  });
  const pod = await resolved({ token: "t", caFile: "/ca" }, POD);
  expect(pod).toMatchObject({ authority: file("/ca"), login: { token: { text: "t" } } });
});

test("a token or certificate given by hand makes plugins and auth-providers superfluous", async () => {
  const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "x", interactiveMode: "Never" };
  const none = { token: null, "client-certificate": null, "client-key": null };
  const withExec = kubeconfigInline({}, { ...none, exec });
  expect((await resolved({ kubeconfigInline: withExec })).login.exec?.command).toBe("x");
  expect((await resolved({ kubeconfigInline: withExec, token: "t" })).login.exec).toBeUndefined();
  const byCertificate = { kubeconfigInline: withExec, certFile: "/a.crt", keyFile: "/a.key" };
  expect((await resolved(byCertificate)).login.exec).toBeUndefined();
  const withProvider = kubeconfigInline({}, { ...none, "auth-provider": { name: "oidc" } });
  expect((await resolved({ kubeconfigInline: withProvider, token: "t" })).login.token).toBeDefined();
});

test("what is not checked: said by whom, and never beside an authority of the same hand", async () => {
  const insecure = await resolved({ kubeconfigInline: kubeconfigInline(), insecureSkipTlsVerify: true });
  expect(insecure.insecureFrom).toBe("K8S_INSECURE_SKIP_TLS_VERIFY");
  expect(insecure).not.toHaveProperty("authority");
  const skipping = { "insecure-skip-tls-verify": true };
  const own = kubeconfigInline({ ...skipping, "certificate-authority": null });
  expect((await resolved({ kubeconfigInline: own })).insecureFrom).toBe(
    'insecure-skip-tls-verify of cluster "home" of kubeconfigInline',
  );
  expect(
    (await resolved({ kubeconfigInline: own, insecureSkipTlsVerify: false })).insecureFrom,
  ).toBeDefined();
  const checked = await resolved({ kubeconfigInline: own, caFile: "/ca" });
  expect(checked).not.toHaveProperty("insecureFrom");
  expect(await message({ endpoint: "https://a", caFile: "/ca", insecureSkipTlsVerify: true })).toBe(
    "reach https://a: K8S_CA_FILE and K8S_INSECURE_SKIP_TLS_VERIFY contradict each other; next: remove K8S_INSECURE_SKIP_TLS_VERIFY, so that the server's certificate is checked",
  );
  expect(await message({ kubeconfigInline: kubeconfigInline(skipping) })).toContain(
    "which contradict each other",
  );
});

test("a certificate without its key, and a key without its certificate", async () => {
  expect(await message({ endpoint: "https://a", certFile: "/a" })).toBe(
    "log in to https://a: there is a client certificate without its key; next: give the key (K8S_KEY_FILE), or neither",
  );
  expect(await message({ endpoint: "https://a", keyFile: "/a" })).toBe(
    "log in to https://a: there is a client key without its certificate; next: give the certificate (K8S_CERT_FILE), or neither",
  );
});

test.each([
  ["ftp://a", '"ftp://" is neither https:// nor http://'],
  ["unix:///run/x", '"unix://" is neither https:// nor http://'],
  ["https://user:secret@a:99999", "it is no URL"],
  ["https://user:secret@a", "it holds a user name or password, which have no place in it"],
  ["https://a/?token=secret", "it has more than a host, a port and a path"],
  ["https://a/#secret", "it has more than a host, a port and a path"],
])("endpoint %s", async (endpoint, found) => {
  expect(await message({ endpoint })).toBe(
    `understand the API server's URL in K8S_API_ENDPOINT: ${found}; next: write it like https://10.0.0.1:6443`,
  );
});
