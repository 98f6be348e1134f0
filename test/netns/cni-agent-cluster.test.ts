import { expect, test } from "bun:test";
import { openAgent } from "../../handshake/agent-client.ts";
import type { EndpointRecord } from "../../handshake/endpoint-record.ts";
import { writeRecord } from "../../handshake/record-files.ts";
import { runPaths } from "../../handshake/run-paths.ts";
import type { Address } from "../../model/address.ts";
import { podInterfaceName } from "../../model/fingerprint.ts";
import { Sandbox, until } from "../agent/sandbox.ts";
import { type ApiObject, type ApiServer, startApiServer } from "../api-server/api-server.ts";

const OBJECTS: readonly ApiObject[] = [
  {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: "node-1" },
    spec: { podCIDR: "10.0.0.0/24", podCIDRs: ["10.0.0.0/24", "fd00::/120"] },
  },
  { apiVersion: "v1", kind: "Namespace", metadata: { name: "x" } },
];

const DENY: ApiObject = {
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { namespace: "x", name: "deny" },
  spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
};

/** A pod that is scheduled and has no address yet. */
function pod(name: string, uid: string): ApiObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { namespace: "x", name, uid },
    spec: { nodeName: "node-1", containers: [] },
    status: { phase: "Pending" },
  };
}

function record(name: string, uid?: string): EndpointRecord {
  return {
    version: 1,
    containerId: `c-${name}`,
    namespace: "x",
    pod: name,
    ...(uid !== undefined && { uid }),
    interface: podInterfaceName("x", name),
    podInterface: "eth0",
    network: "k8s-pod-network",
    namespacePath: "/run/netns/x",
    addresses: ["10.0.0.7", "fd00::7"] as Address[],
    createdAt: Date.now(),
  };
}

async function cluster(sandbox: Sandbox): Promise<ApiServer> {
  const server = await sandbox.namespace.run(() => startApiServer());
  for (const object of [...OBJECTS, pod("a", "uid-a")]) server.apply(object);
  return server;
}

async function startAgent(sandbox: Sandbox, { url }: ApiServer): Promise<void> {
  const kubernetes = {
    DATASTORE_TYPE: "kubernetes",
    K8S_API_ENDPOINT: url,
    CALICO_MANAGE_CNI: "true",
    // This server has no admission policies, where nothing is written unless somebody asks for it.
    TORTIE_PODANNOTATIONS: "true",
  };
  sandbox.start(["agent"], kubernetes);
  await sandbox.untilReady();
}

/** From now on watches tell nothing. */
async function silence(server: ApiServer): Promise<void> {
  server.faults(({ verb }) => (verb === "watch" ? { kind: "stall", afterBytes: 0 } : undefined));
  server.forgetRequests();
  server.endWatches();
  await until(() => server.requests.some(({ verb, resource }) => verb === "watch" && resource === "pods"));
}

/** As the plugin does it; gives the last answer, and what was waited for before it. */
async function add(sandbox: Sandbox, added: EndpointRecord, waits: string[] = []): Promise<string> {
  const paths = runPaths(sandbox.run);
  writeRecord(paths, added);
  using plugin = openAgent(paths.socket, { retryMilliseconds: 5 });
  const onWaiting = (what: string): void => void waits.push(what);
  return (await plugin.request({ kind: "add", record: added }, { milliseconds: 20_000, onWaiting })).kind;
}

function rules(sandbox: Sandbox): string {
  return sandbox.command("nft", "list", "table", "inet", "tortie");
}

function isWired(sandbox: Sandbox, name: string): boolean {
  const listed = rules(sandbox);
  const own = podInterfaceName("x", name);
  return listed.includes(`"${own}" . 10.0.0.7`) && listed.includes(`"${own}" . fd00::7`);
}

test("a pod that the watch has not told of is looked up, and has its network when the plugin is answered", async () => {
  using sandbox = new Sandbox();
  await using server = await cluster(sandbox);
  await startAgent(sandbox, server);
  await silence(server);
  server.apply(pod("b", "uid-b"));
  expect(await add(sandbox, record("b", "uid-b"))).toBe("programmed");
  expect(isWired(sandbox, "b")).toBe(true);
});

/** How the pod's packets are judged: `accept` where no policy selects it. */
function verdicts(sandbox: Sandbox, name: string): string[] {
  const own = `"${podInterfaceName("x", name)}" : `;
  return rules(sandbox)
    .split(own)
    .slice(1)
    .map((rest) => /^\w+/.exec(rest)?.[0] ?? "");
}

test("a policy that came before a pod holds for it from the first, though no watch has told of either", async () => {
  using sandbox = new Sandbox();
  await using server = await cluster(sandbox);
  await startAgent(sandbox, server);
  await silence(server);
  server.apply(DENY);
  server.apply(pod("b", "uid-b"));
  server.faults(({ verb, path }) =>
    verb === "watch" || path.endsWith("/networkpolicies") ? { kind: "status", status: 503 } : undefined,
  );
  const waits: string[] = [];
  const adding = add(sandbox, record("b", "uid-b"), waits);
  await until(() => waits.length > 0);
  expect(waits[0]).toStartWith(
    "pod x/b (UID uid-b): the agent does not know it yet, and could not look it up: the API server answered 503",
  );
  expect(isWired(sandbox, "b")).toBe(false);
  server.faults(({ verb }) => (verb === "watch" ? { kind: "stall", afterBytes: 0 } : undefined));
  expect(await adding).toBe("programmed");
  expect(isWired(sandbox, "b")).toBe(true);
  expect(verdicts(sandbox, "b")).not.toContain("accept");
  expect(verdicts(sandbox, "b").length).toBeGreaterThan(0);
});

test("without a UID, the pod that the API server has now is the one that is meant", async () => {
  using sandbox = new Sandbox();
  await using server = await cluster(sandbox);
  await startAgent(sandbox, server);
  await silence(server);
  server.apply({
    ...pod("a", "uid-anew"),
    metadata: { namespace: "x", name: "a", uid: "uid-anew", labels: { v: "2" } },
  });
  expect(await add(sandbox, record("a"))).toBe("programmed");
  expect(isWired(sandbox, "a")).toBe(true);
});

test("while the API server is away, a known pod gets its network and an unknown one says what it waits for", async () => {
  using sandbox = new Sandbox();
  await using server = await cluster(sandbox);
  await startAgent(sandbox, server);
  await server.stop();
  expect(await add(sandbox, record("a", "uid-a"))).toBe("programmed");
  expect(isWired(sandbox, "a")).toBe(true);
  expect(await add(sandbox, record("a"))).toBe("programmed");
  const waits: string[] = [];
  const adding = add(sandbox, { ...record("b", "uid-b"), addresses: ["10.0.0.8" as Address] }, waits);
  await until(() => waits.length > 0);
  expect(waits[0]).toStartWith(
    "pod x/b (UID uid-b): the agent does not know it yet, and could not look it up: ",
  );
  server.apply(pod("b", "uid-b"));
  await sandbox.namespace.run(() => server.start());
  expect(await adding).toBe("programmed");
});

test("afterwards the pod's addresses are written to its status", async () => {
  using sandbox = new Sandbox();
  await using server = await cluster(sandbox);
  await startAgent(sandbox, server);
  expect(await add(sandbox, record("a", "uid-a"))).toBe("programmed");
  const path = "/api/v1/namespaces/x/pods/a/status";
  await until(() => server.requests.some((request) => request.method === "PATCH" && request.path === path));
});
