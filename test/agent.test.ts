import { expect, test } from "bun:test";
import { mkdirSync, rmSync } from "node:fs";
import { Sandbox, until } from "./agent/sandbox.ts";

const POD = (name: string, address: string): string => `
apiVersion: v1
kind: Pod
metadata: { namespace: x, name: ${name}, labels: { pod: ${name} } }
spec: { nodeName: node-1, containers: [] }
status: { phase: Running, podIP: ${address}, podIPs: [{ ip: ${address} }] }
---`;

const DENY_ALL = `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { namespace: x, name: deny-all }
spec: { podSelector: {} }
`;

const PODS = POD("a", "10.0.0.1") + POD("b", "10.0.0.2");

function rules(sandbox: Sandbox): string {
  return sandbox.command("nft", "list", "table", "inet", "tortie");
}

test("not ready before the datastore is in sync, with the reason; ready once the rules are in the kernel", async () => {
  using sandbox = new Sandbox();
  rmSync(sandbox.manifests, { recursive: true });
  const agent = sandbox.start();
  await until(async () => (await sandbox.get("/readiness"))?.body.includes(sandbox.manifests) === true);
  const before = await sandbox.get("/readiness");
  expect(before?.status).toBe(503);
  expect(before?.body).toStartWith("not ready: Datastore: waiting for ");
  expect(await sandbox.get("/liveness")).toMatchObject({ status: 200 });
  expect(await sandbox.get("/livez")).toMatchObject({ status: 200 });
  expect(rules(sandbox)).not.toContain("chain");

  mkdirSync(sandbox.manifests);
  await sandbox.write("pods.yaml", PODS);
  await sandbox.untilReady();
  expect((await sandbox.get("/readyz"))?.body).toContain(
    "| Dataplane | 1m30s   | reporting live | reporting ready |",
  );
  const json = await sandbox.get("/readiness", "application/json");
  expect(JSON.parse(json?.body ?? "")).toMatchObject({ live: true, ready: true });
  expect((await sandbox.get("/elsewhere"))?.status).toBe(404);
  expect(agent.messages()).toContain("in sync");
  expect(rules(sandbox)).toContain("hook forward");
});

test.each(["SIGTERM", "SIGINT"] as const)("%s: exit 0, and the rules stay", async (signal) => {
  using sandbox = new Sandbox();
  await sandbox.write("pods.yaml", PODS + DENY_ALL);
  const agent = sandbox.start();
  await sandbox.untilReady();
  const before = rules(sandbox);
  expect(await agent.end(signal)).toBe(0);
  expect(agent.messages().slice(-2)).toEqual(["stopping, the rules stay in force", "stopped"]);
  expect(agent.err()).toBe("");
  const chains = (text: string): string[] => text.match(/chain \S+/g) ?? [];
  expect(chains(before)).not.toEqual([]);
  expect(chains(rules(sandbox))).toEqual(chains(before));
});

test("a second agent on the node refuses to start and says why; the first goes on", async () => {
  using sandbox = new Sandbox();
  const first = sandbox.start();
  await sandbox.untilReady();
  const second = sandbox.start(["agent"], { FELIX_HEALTHPORT: "9098" });
  expect(await second.ended()).toBe(1);
  expect(second.err()).toContain("another living process owns the table");
  expect(second.out()).toContain('"level":"fatal"');
  expect((await sandbox.get("/readiness"))?.status).toBe(200);
  expect(await first.end("SIGTERM")).toBe(0);
});

test("a file that cannot be read is named in readiness until it is mended, and hurts nothing else", async () => {
  using sandbox = new Sandbox();
  await sandbox.write("pods.yaml", PODS);
  await sandbox.write("bad.yaml", "kind: [unclosed\n");
  const agent = sandbox.start();
  await sandbox.untilReady();
  expect((await sandbox.get("/readiness"))?.body).toMatch(/Objects .*\| 1 problem:\s*\|\n.*bad\.yaml/);
  expect((await sandbox.get("/readiness"))?.body).toContain("2 endpoints of this node");
  await sandbox.write("bad.yaml", "# nothing\n");
  await until(async () => (await sandbox.get("/readiness"))?.body.includes("bad.yaml") === false);
  await until(() => agent.messages().includes("problem mended"));
  expect(agent.messages().filter((message) => message === "problem")).toHaveLength(1);
});

test("a change reaches the kernel, and the log says how long it took", async () => {
  using sandbox = new Sandbox();
  const agent = sandbox.start();
  await sandbox.untilReady();
  await sandbox.write("pods.yaml", PODS);
  await until(() => rules(sandbox).includes("10.0.0.2"));
  await until(() => agent.out().includes('"endpoints":2'));
  expect(agent.out()).toContain('"noticedToKernelMilliseconds":');
});

test("a health port in use: exit 1 with what to do", async () => {
  using sandbox = new Sandbox();
  const socket = { data: () => {} };
  using _taken = sandbox.namespace.run(() => Bun.listen({ hostname: "127.0.0.1", port: 9099, socket }));
  const agent = sandbox.start();
  expect(await agent.ended()).toBe(1);
  expect(agent.err()).toContain("cannot serve health on 127.0.0.1 port 9099: the address is in use");
});

test("health can be switched off", async () => {
  using sandbox = new Sandbox();
  const agent = sandbox.start(["agent"], { FELIX_HEALTHENABLED: "no" });
  await until(() => agent.messages().includes("settled"));
  expect(await sandbox.get("/liveness")).toBeUndefined();
});
