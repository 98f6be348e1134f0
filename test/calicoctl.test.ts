import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ApiObject, type ApiServer, startApiServer } from "./api-server/api-server.ts";

const MAIN = new URL("../main.ts", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "tortie-calicoctl-"));
const home = join(folder, "home");
let server: ApiServer;

function pod(namespace: string, name: string, nodeName: string, podIP: string): ApiObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace },
    spec: { nodeName },
    status: { phase: "Running", podIP },
  };
}

const DNS = pod("kube-system", "kube-dns-v20-jhk10", "kubernetes-minion-group-tbmi", "10.1.0.2");
const DASHBOARD = pod(
  "kube-system",
  "kubernetes-dashboard-v1.4.0-wtrtm",
  "kubernetes-minion-group-x7ce",
  "10.1.1.2",
);

beforeAll(async () => {
  server = await startApiServer();
  mkdirSync(join(home, ".kube"), { recursive: true });
  writeFileSync(join(home, ".kube", "config"), kubeconfig(server.url));
});
afterEach(() => {
  server.faults(undefined);
  server.thaw();
  server.replaceAll([]);
  server.forgetRequests();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

function kubeconfig(url: string): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "c", cluster: { server: url } }],
    users: [{ name: "u", user: {} }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  });
}

type Environment = Readonly<Record<string, string>>;

function start(command: readonly string[], environment: Environment) {
  return Bun.spawn([...command], {
    argv0: "calicoctl",
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "", ...environment },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
}

async function calicoctl(words: string, environment: Environment = { HOME: home }): Promise<object> {
  const child = start([process.execPath, MAIN, ...words.split(" ")], environment);
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, out, err };
}

test("the document's example", async () => {
  for (const object of [DNS, DASHBOARD]) server.apply(object);
  const environment = { HOME: home, DATASTORE_TYPE: "kubernetes", KUBECONFIG: join(home, ".kube", "config") };
  expect(await calicoctl("get workloadendpoints", environment)).toEqual({
    code: 0,
    err: "",
    out: `\
HOSTNAME                       ORCHESTRATOR   WORKLOAD                                        NAME
kubernetes-minion-group-tbmi   k8s            kube-system.kube-dns-v20-jhk10                  eth0
kubernetes-minion-group-x7ce   k8s            kube-system.kubernetes-dashboard-v1.4.0-wtrtm   eth0

`,
  });
  expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(["GET /api/v1/pods"]);
});

test.each(["-oyaml", "-o=yaml", "-o yaml"])("%s", async (option) => {
  server.apply(DNS);
  expect(await calicoctl(`get wep ${option}`)).toMatchObject({
    code: 0,
    err: "",
    out: expect.stringMatching(/^apiVersion: projectcalico.org\/v3\nitems:\n- apiVersion/) as string,
  });
});

test.each([
  ["the environment", "get nodes", () => ({ K8S_API_ENDPOINT: server.url })],
  ["a kubeconfig in the home directory", "get nodes", () => ({ HOME: home })],
  ["a kubeconfig with a tilde", "get nodes", () => ({ HOME: home, KUBECONFIG: "~/.kube/config" })],
  [
    "a configuration file, whatever the environment says",
    "get nodes -c calicoctl.cfg",
    () => ({ DATASTORE_TYPE: "etcdv2" }),
  ],
])("%s connects", async (_, words, environment) => {
  writeFileSync(
    join(folder, "calicoctl.cfg"),
    `apiVersion: v1\nkind: calicoApiConfig\nmetadata:\nspec:\n  k8sAPIEndpoint: ${server.url}\n`,
  );
  server.apply({ apiVersion: "v1", kind: "Node", metadata: { name: "n-1" } });
  expect(await calicoctl(words, environment())).toEqual({ code: 0, out: "NAME\nn-1\n\n", err: "" });
});

function manyPods(count: number): ApiObject[] {
  const names = Array.from({ length: count }, (_, at) => `pod-${String(at).padStart(5, "0")}`);
  return names.map((name) => pod("shop", name, "n-1", "10.1.0.2"));
}

test("many pods come in pages, and anew where the pages expire", async () => {
  server.replaceAll(manyPods(1_200));
  const all = (await calicoctl("get wep")) as { out: string };
  expect(all.out.trimEnd().split("\n")).toHaveLength(1_201);
  expect(server.requests.map(({ query }) => query["limit"])).toEqual(["500", "500", "500"]);
  server.forgetRequests();
  server.faults(({ query }) => {
    if (query["continue"] !== undefined) server.compact();
    return undefined;
  });
  expect(await calicoctl("get wep")).toEqual(all);
  expect(server.requests.map(({ query }) => query["limit"])).toEqual(["500", "500", undefined]);
});

test("a reader that has seen enough is no mistake", async () => {
  server.replaceAll(manyPods(3_000));
  const line = '"$@" | head -n 1; echo "${PIPESTATUS[0]}"';
  const child = start(["bash", "-c", line, "bash", process.execPath, MAIN, "ctl", "get", "wep"], {
    HOME: home,
  });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  expect({ out, err }).toEqual({ out: "HOSTNAME   ORCHESTRATOR   WORKLOAD         NAME\n0\n", err: "" });
});

test("an interrupt says nothing", async () => {
  const asked = Promise.withResolvers<void>();
  server.faults(() => {
    asked.resolve();
    return { kind: "freeze" };
  });
  const child = start([process.execPath, MAIN, "get", "nodes"], { HOME: home });
  await asked.promise;
  child.kill("SIGINT");
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  await child.exited;
  expect({ out, err, signal: child.signalCode }).toEqual({ out: "", err: "", signal: "SIGINT" });
});

test("a refusal names the verb and the resource", async () => {
  const message =
    'pods is forbidden: User "eve" cannot list resource "pods" in API group "" at the cluster scope';
  const body = JSON.stringify({ kind: "Status", reason: "Forbidden", message, code: 403 });
  server.faults(() => ({ kind: "status", status: 403, body }));
  expect(await calicoctl("get wep")).toEqual({
    code: 1,
    out: "",
    err:
      'Failed to get resources: connection is unauthorized: user "eve" may not list pods (403 Forbidden); ' +
      'next: grant it by RBAC: a ClusterRole with apiGroups [""], resources ["pods"], verbs ["list"], bound to user "eve"\n',
  });
});

test("an answer that breaks off, and a server that is not there", async () => {
  server.replaceAll(manyPods(600));
  server.faults(() => ({ kind: "break", afterBytes: 1_000 }));
  expect(await calicoctl("get wep")).toMatchObject({
    code: 1,
    out: "",
    err: expect.stringMatching(
      /^Failed to get resources: the answer of http:\/\/127\.0\.0\.1:\d+ broke off while pods were listed .*; next: try again\n$/,
    ) as string,
  });
  const gone = await startApiServer();
  await gone[Symbol.asyncDispose]();
  expect(await calicoctl("get wep", { K8S_API_ENDPOINT: gone.url })).toMatchObject({
    code: 1,
    out: "",
    err: expect.stringMatching(/^Failed to get resources: .*127\.0\.0\.1:\d+.*; next: .*\n$/) as string,
  });
});

test("a mistake in the command line", async () => {
  expect(await calicoctl("get weps --colour")).toEqual({
    code: 1,
    out: "",
    err:
      "Invalid option: 'calicoctl get weps --colour'. Use flag '--help' to read about a specific subcommand.\n" +
      "(unknown option '--colour')\n",
  });
});
