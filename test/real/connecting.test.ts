import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { type Cluster, startCluster } from "./cluster.ts";
import { startConnectProxy } from "./connect-proxy.ts";
import { kubeconfigText } from "./kubeconfig.ts";
import { createNamespace } from "./objects.ts";
import { clientOf, failure, type Setting, who, whoIs } from "./who.ts";

let cluster: Cluster;
let folder: string;
beforeAll(async () => {
  cluster = await startCluster({ people: [{ user: "jane" }, { user: "june" }] });
  folder = join(cluster.directory, "options");
  mkdirSync(join(folder, "bin"), { recursive: true });
}, 60_000);
afterAll(() => cluster[Symbol.asyncDispose]());

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const base64 = (path: string): string => readFileSync(path).toString("base64");
const near = (path: string): string => relative(folder, path);
const ca = (): string => cluster.identities.caFile;
const token = (user: string): string => cluster.identities.tokenOf(user);
const trusted = (): object => ({ server: cluster.server, "certificate-authority": ca() });

function byKubeconfig(server: object, user: object): Setting {
  return {
    environment: { KUBECONFIG: write("config", kubeconfigText({ ...server }, { ...user })) },
  };
}

test("a kubeconfig with files, their paths relative to it", async () => {
  const { certFile, keyFile } = cluster.identities.certificateOf({ user: "carol" });
  const user = { "client-certificate": near(certFile), "client-key": near(keyFile) };
  const server = { server: cluster.server, "certificate-authority": near(ca()) };
  expect(await who(byKubeconfig(server, user))).toBe("carol");
});

test("a kubeconfig with everything inside it", async () => {
  const { certFile, keyFile } = cluster.identities.certificateOf({ user: "carol" });
  const user = { "client-certificate-data": base64(certFile), "client-key-data": base64(keyFile) };
  const server = { server: cluster.server, "certificate-authority-data": base64(ca()) };
  expect(await who(byKubeconfig(server, user))).toBe("carol");
});

test("a kubeconfig with a token", async () => {
  expect(await who(byKubeconfig(trusted(), { token: token("jane") }))).toBe("jane");
});

test("a kubeconfig with a tokenFile: a new token is taken at once, and after a 401 even one written meanwhile", async () => {
  const path = write("token", `${token("jane")}\n`);
  using client = await clientOf(byKubeconfig(trusted(), { tokenFile: near(path) }));
  expect(await whoIs(client)).toBe("jane");
  write("token", `${token("june")}\n`);
  expect(await whoIs(client)).toBe("june");
  write("token", "refused-by-the-server");
  expect(await whoIs(client)).toStartWith("401 ");
  write("token", token("jane"));
  expect(await whoIs(client)).toBe("jane");
});

test("a kubeconfig with an exec plugin beside it", async () => {
  const apiVersion = "client.authentication.k8s.io/v1beta1";
  const credential = { apiVersion, kind: "ExecCredential", status: { token: token("june") } };
  const plugin = write("bin/login", `#!/bin/sh\nprintf '%s' '${JSON.stringify(credential)}'\n`);
  chmodSync(plugin, 0o755);
  const exec = { apiVersion, command: "./bin/login", args: ["now"] };
  expect(await who(byKubeconfig(trusted(), { exec }))).toBe("june");
});

test("a kubeconfig with tls-server-name", async () => {
  const server = { ...trusted(), "tls-server-name": "tortie.test" };
  expect(await who(byKubeconfig(server, { token: token("jane") }))).toBe("jane");
});

test("a kubeconfig with proxy-url", async () => {
  using proxy = await startConnectProxy(cluster.port);
  const server = { ...trusted(), "proxy-url": proxy.url };
  expect(await who(byKubeconfig(server, { token: token("jane") }))).toBe("jane");
  expect(proxy.asked).toEqual([`127.0.0.1:${cluster.port}`]);
});

test("HTTPS_PROXY, and NO_PROXY against it", async () => {
  using proxy = await startConnectProxy(cluster.port);
  const K8S_API_ENDPOINT = `https://tortie.test:${cluster.port}`;
  const environment = { K8S_API_ENDPOINT, K8S_CA_FILE: ca(), K8S_TOKEN: token("jane") };
  const proxied = { ...environment, HTTPS_PROXY: proxy.url };
  expect(await who({ environment: proxied })).toBe("jane");
  expect(proxy.asked).toEqual([`tortie.test:${cluster.port}`]);
  // Nothing resolves this name but the proxy: to go around it fails.
  const around = { environment: { ...proxied, NO_PROXY: "10.0.0.0/8,.test" } };
  expect(await failure(who(around))).toContain("the name tortie.test has no address");
  expect(proxy.asked).toHaveLength(1);
});

test("the service account of a pod, its token rotated", async () => {
  await createNamespace(cluster, "shop");
  for (const name of ["first", "second"])
    await cluster.kubectl(["create", "serviceaccount", "--namespace", "shop", name]);
  const account = join(folder, "serviceaccount");
  mkdirSync(account);
  write("serviceaccount/ca.crt", readFileSync(ca(), "utf8"));
  write("serviceaccount/token", await cluster.serviceAccountToken("shop", "first"));
  const environment = { KUBERNETES_SERVICE_HOST: "127.0.0.1", KUBERNETES_SERVICE_PORT: `${cluster.port}` };
  using client = await clientOf({ environment, serviceAccountDirectory: account });
  expect(await whoIs(client)).toBe("system:serviceaccount:shop:first");
  write("serviceaccount/token", await cluster.serviceAccountToken("shop", "second"));
  expect(await whoIs(client)).toBe("system:serviceaccount:shop:second");
});

test.each(["", "CALICO_"])("%sK8S_* alone", async (prefix) => {
  const named = (settings: Record<string, string>): Setting => ({
    environment: Object.fromEntries(Object.entries(settings).map(([name, value]) => [prefix + name, value])),
  });
  const endpoint = { K8S_API_ENDPOINT: cluster.server, K8S_CA_FILE: ca() };
  const { certFile, keyFile } = cluster.identities.certificateOf({ user: "carol" });
  expect(await who(named({ ...endpoint, K8S_CERT_FILE: certFile, K8S_KEY_FILE: keyFile }))).toBe("carol");
  expect(await who(named({ ...endpoint, K8S_TOKEN: token("jane") }))).toBe("jane");
  expect(await who(named({ ...endpoint, K8S_API_TOKEN: token("june") }))).toBe("june");
});

test.each(["", "CALICO_"])("%sK8S_* over parts of a kubeconfig", async (prefix) => {
  const wrong = { server: "https://127.0.0.1:1", "certificate-authority": "absent" };
  const { environment = {} } = byKubeconfig(wrong, { token: "refused" });
  const changes = { K8S_API_ENDPOINT: cluster.server, K8S_CA_FILE: ca(), K8S_TOKEN: token("jane") };
  const named = Object.fromEntries(Object.entries(changes).map(([name, value]) => [prefix + name, value]));
  expect(await who({ environment: { ...environment, ...named } })).toBe("jane");
});

test("K8S_CURRENT_CONTEXT", async () => {
  const config = JSON.parse(kubeconfigText({ ...trusted() }, { token: token("jane") })) as {
    users: object[];
    contexts: object[];
  };
  config.users.push({ name: "other", user: { token: token("june") } });
  config.contexts.push({ name: "other", context: { cluster: "real", user: "other" } });
  const environment = { KUBECONFIG: write("contexts", JSON.stringify(config)) };
  expect(await who({ environment })).toBe("jane");
  expect(await who({ environment: { ...environment, K8S_CURRENT_CONTEXT: "other" } })).toBe("june");
});

test("K8S_INSECURE_SKIP_TLS_VERIFY: it connects, and the client goes on saying so", async () => {
  const { environment = {} } = byKubeconfig({ server: cluster.server }, { token: token("jane") });
  using client = await clientOf({ environment: { ...environment, K8S_INSECURE_SKIP_TLS_VERIFY: "true" } });
  expect(await whoIs(client)).toBe("jane");
  expect(client.notices).toEqual([
    expect.stringContaining("are not verified (K8S_INSECURE_SKIP_TLS_VERIFY)"),
  ]);
});
