import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { testAuthority, testCertificate } from "../../adapters/kubernetes/connection/test-certificates.ts";
import { type RunningAgent, Sandbox, until } from "../agent/sandbox.ts";
import { openTlsFront } from "../agent/tls-front.ts";
import { type ApiObject, type ApiServer, startApiServer } from "../api-server/api-server.ts";

const NODE: ApiObject = {
  apiVersion: "v1",
  kind: "Node",
  metadata: { name: "node-1" },
  spec: { podCIDR: "10.0.0.0/24", podCIDRs: ["10.0.0.0/24", "fd00::/120"] },
};

const NAMESPACE: ApiObject = { apiVersion: "v1", kind: "Namespace", metadata: { name: "x" } };

function pod(name: string, ...addresses: readonly string[]): ApiObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { namespace: "x", name, labels: { pod: name } },
    spec: { nodeName: "node-1", containers: [] },
    status: { phase: "Running", podIP: addresses[0], podIPs: addresses.map((ip) => ({ ip })) },
  };
}

const DENY_ALL: ApiObject = {
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { namespace: "x", name: "deny-all" },
  spec: { podSelector: {} },
};

/** A node with an API server beside the agent. */
async function cluster(sandbox: Sandbox): Promise<ApiServer> {
  const server = await sandbox.namespace.run(() => startApiServer());
  for (const object of [NODE, NAMESPACE, pod("a", "10.0.0.1", "fd00::1"), pod("b", "10.0.0.2")]) {
    server.apply(object);
  }
  return server;
}

function start(sandbox: Sandbox, url: string, changes: Readonly<Record<string, string>> = {}): RunningAgent {
  return sandbox.start(["agent"], { DATASTORE_TYPE: "kubernetes", K8S_API_ENDPOINT: url, ...changes });
}

function rules(sandbox: Sandbox): string {
  return sandbox.command("nft", "list", "table", "inet", "tortie");
}

async function readiness(sandbox: Sandbox): Promise<string> {
  return (await sandbox.get("/readiness"))?.body ?? "";
}

test("what the API server has is in the kernel, pod ranges closed, and changes follow", async () => {
  using sandbox = new Sandbox();
  await using server = await cluster(sandbox);
  const agent = start(sandbox, server.url);
  await sandbox.untilReady();
  expect(rules(sandbox)).toContain("10.0.0.0/24");
  expect(rules(sandbox)).toContain("fd00::/120");
  expect(rules(sandbox)).toContain("fd00::1 : accept");
  expect(await readiness(sandbox)).toContain("2 endpoints of this node, 0 policies");
  server.apply(DENY_ALL);
  await until(() => rules(sandbox).includes('drop comment "x/deny-all"'));
  server.remove("Pod", "x/b");
  await until(() => !rules(sandbox).includes("10.0.0.2"));
  expect(await agent.end("SIGTERM")).toBe(0);
});

test("FELIX_UNKNOWNENDPOINTACTION=Accept closes no range", async () => {
  using sandbox = new Sandbox();
  await using server = await cluster(sandbox);
  start(sandbox, server.url, { FELIX_UNKNOWNENDPOINTACTION: "Accept" });
  await sandbox.untilReady();
  expect(rules(sandbox)).not.toContain("10.0.0.0/24");
});

test("CALICO_MANAGE_CNI=true: pods have Calico's interfaces", async () => {
  using sandbox = new Sandbox();
  await using server = await cluster(sandbox);
  start(sandbox, server.url, { CALICO_MANAGE_CNI: "true" });
  await sandbox.untilReady();
  expect(rules(sandbox)).toMatch(/"cali[0-9a-f]{11}" \. 10\.0\.0\.1/);
});

test("while the server is away the rules stay, the node stays ready and live, and says since when", async () => {
  using sandbox = new Sandbox();
  await using server = await cluster(sandbox);
  server.apply(DENY_ALL);
  const agent = start(sandbox, server.url);
  await sandbox.untilReady();
  const before = rules(sandbox);
  await server.stop();
  await until(async () => (await readiness(sandbox)).includes("stale since"));
  expect(await sandbox.get("/readiness")).toMatchObject({ status: 200 });
  expect(await sandbox.get("/liveness")).toMatchObject({ status: 200 });
  expect(rules(sandbox)).toBe(before);
  server.apply(pod("c", "10.0.0.3"));
  await sandbox.namespace.run(() => server.start());
  await until(() => rules(sandbox).includes("10.0.0.3"));
  await until(async () => !(await readiness(sandbox)).includes("stale since"));
  const told = agent.messages();
  expect(told.filter((message) => message === "datastore waits")).toHaveLength(1);
  // One for each cause (broken off, refused), and not one for each of the four watches.
  expect(told.filter((message) => message === "datastore stale").length).toBeLessThan(3);
});

test("a server that is not there yet: not ready, live, and no rule is written until it is", async () => {
  using sandbox = new Sandbox();
  await using server = await cluster(sandbox);
  await server.stop();
  start(sandbox, server.url);
  await until(async () => (await readiness(sandbox)).includes(`from ${server.url} (`));
  expect(await sandbox.get("/readiness")).toMatchObject({ status: 503 });
  expect(await sandbox.get("/liveness")).toMatchObject({ status: 200 });
  expect(rules(sandbox)).not.toContain("chain");
  await sandbox.namespace.run(() => server.start());
  await sandbox.untilReady();
});

test("a node that the cluster does not have is told, and the node becomes ready when it is registered", async () => {
  using sandbox = new Sandbox();
  await using server = await cluster(sandbox);
  server.remove("Node", "node-1");
  const agent = start(sandbox, server.url);
  await until(async () => (await readiness(sandbox)).includes('the cluster has no node "node-1"'));
  expect(await sandbox.get("/readiness")).toMatchObject({ status: 503 });
  expect(rules(sandbox)).not.toContain("chain");
  server.apply(NODE);
  await sandbox.untilReady();
  expect(agent.messages()).toContain("condition ended");
});

test("a certificate that is not checked is shown for as long as it is so", async () => {
  using sandbox = new Sandbox();
  await using server = await cluster(sandbox);
  using front = openTlsFront(
    sandbox.namespace,
    server.url,
    testCertificate({ commonName: "x", names: ["127.0.0.1"] }),
  );
  const agent = start(sandbox, front.url, {
    K8S_INSECURE_SKIP_TLS_VERIFY: "Yes",
    K8S_TOKEN: "secret-of-ours",
  });
  await sandbox.untilReady();
  expect(await readiness(sandbox)).toContain("are not verified (K8S_INSECURE_SKIP_TLS_VERIFY)");
  expect(agent.out()).not.toContain("secret-of-ours");
});

test("a bad file of certificates is told, and what mends it is noticed without a restart", async () => {
  using sandbox = new Sandbox();
  await using server = await cluster(sandbox);
  const issuer = testAuthority("the cluster");
  const own = testCertificate({ commonName: "api", names: ["127.0.0.1"], issuer });
  using front = openTlsFront(sandbox.namespace, server.url, own);
  const path = sandbox.path("ca.crt");
  start(sandbox, front.url, { K8S_CA_FILE: path });
  await until(async () => (await readiness(sandbox)).includes(path));
  expect(await sandbox.get("/readiness")).toMatchObject({ status: 503 });
  expect(await sandbox.get("/liveness")).toMatchObject({ status: 200 });
  writeFileSync(path, "garbage");
  await until(async () => /no certificate|PEM/i.test(await readiness(sandbox)));
  writeFileSync(path, issuer.cert);
  await sandbox.untilReady();
  expect(await readiness(sandbox)).toContain("in sync");
});

test("explain asks the API server, too, whatever this machine is called there", async () => {
  using sandbox = new Sandbox();
  await using server = await cluster(sandbox);
  server.apply(DENY_ALL);
  const ask = (to: string): Promise<number> =>
    sandbox
      .start(["explain", "--from", "x/a", "--to", to, "--port", "80"], {
        DATASTORE_TYPE: "kubernetes",
        K8S_API_ENDPOINT: server.url,
        NODENAME: "a-laptop",
      })
      .ended();
  expect(await ask("x/b")).toBe(2);
  expect(await ask("x/nobody")).toBe(1);
  server.remove("NetworkPolicy", "x/deny-all");
  expect(await ask("x/b")).toBe(0);
});
