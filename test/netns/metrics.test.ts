import { expect, test } from "bun:test";
import { type Answer, type Question, ask } from "../agent/running-agent.ts";
import { Sandbox, until } from "../agent/sandbox.ts";

const PAGE = new URL("../../docs/metrics.md", import.meta.url);
const ENABLED = { FELIX_PROMETHEUSMETRICSENABLED: "true" };

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

function metrics(sandbox: Sandbox, question: Partial<Question> = {}): Promise<Answer | undefined> {
  return ask(sandbox.namespace, { path: "/metrics", port: 9091, ...question });
}

async function value(sandbox: Sandbox, name: string): Promise<number> {
  const { body = "" } = (await metrics(sandbox)) ?? {};
  return Number(
    body
      .split("\n")
      .find((line) => line.startsWith(`${name} `))
      ?.split(" ")[1],
  );
}

/** Prometheus' name of what a line of values is about. */
function about(line: string): string {
  return (/^[a-z_]+/.exec(line)?.[0] ?? "").replace(/_(bucket|sum|count)$/, "");
}

test("every metric of docs/metrics.md is served, and no other; values follow changes", async () => {
  using sandbox = new Sandbox();
  await sandbox.write("pods.yaml", POD("a", "10.0.0.1") + POD("b", "10.0.0.2"));
  const agent = sandbox.start(["agent"], ENABLED);
  await sandbox.untilReady();
  expect(agent.messages()).toContain("metrics served");
  const { status, body } = (await metrics(sandbox)) ?? { status: 0, body: "" };
  expect(status).toBe(200);
  const served = new Set(
    body
      .split("\n")
      .filter((line) => /^[a-z]/.test(line))
      .map(about),
  );
  const documented = (await Bun.file(PAGE).text()).matchAll(/^\| `([a-z_]+)` \|/gm);
  expect([...served].toSorted()).toEqual([...documented].map(([, name = ""]) => name).toSorted());

  expect(await value(sandbox, "felix_resync_state")).toBe(3);
  expect(await value(sandbox, "felix_active_local_endpoints")).toBe(2);
  expect(await value(sandbox, "tortie_programs")).toBe(0);
  expect(await value(sandbox, "process_resident_memory_bytes")).toBeGreaterThan(1e6);
  const chains = await value(sandbox, "tortie_nftables_chains");
  const passes = await value(sandbox, 'tortie_passes_total{outcome="applied"}');
  await sandbox.write("policies.yaml", DENY_ALL);
  await until(async () => (await value(sandbox, "tortie_programs")) === 1);
  expect(await value(sandbox, "felix_active_local_policies")).toBe(1);
  expect(await value(sandbox, "felix_cluster_num_policies")).toBe(1);
  expect(await value(sandbox, "tortie_nftables_chains")).toBeGreaterThan(chains);
  expect(await value(sandbox, 'tortie_passes_total{outcome="applied"}')).toBeGreaterThan(passes);
  expect(await value(sandbox, "tortie_event_to_kernel_seconds_count")).toBeGreaterThan(0);
  expect(await value(sandbox, "tortie_event_loop_delay_seconds_count")).toBeGreaterThan(0);

  await sandbox.write("bad.yaml", "kind: [unclosed\n");
  await until(async () => (await value(sandbox, "tortie_problems")) === 1);
  expect(await agent.end("SIGTERM")).toBe(0);
});

test("without the setting nobody listens", async () => {
  using sandbox = new Sandbox();
  sandbox.start();
  await sandbox.untilReady();
  expect(await metrics(sandbox)).toBeUndefined();
});

test("address and port can be chosen, IPv6 too; the process' own metrics can be left out", async () => {
  using sandbox = new Sandbox();
  sandbox.start(["agent"], {
    ...ENABLED,
    FELIX_PROMETHEUSMETRICSHOST: "::1",
    FELIX_PROMETHEUSMETRICSPORT: "9191",
    FELIX_PROMETHEUSPROCESSMETRICSENABLED: "false",
  });
  await sandbox.untilReady();
  expect(await metrics(sandbox, { port: 9191 })).toBeUndefined();
  const answer = await metrics(sandbox, { hostname: "::1", port: 9191 });
  expect(answer?.status).toBe(200);
  expect(answer?.body).not.toContain("process_");
});

test("a port in use: policy is followed all the same, and readiness names it with what to do", async () => {
  using sandbox = new Sandbox();
  const agent = sandbox.start(["agent"], { ...ENABLED, FELIX_PROMETHEUSMETRICSPORT: "9099" });
  await sandbox.untilReady();
  expect(agent.messages()).toContain("metrics are not served; policy is followed all the same");
  const { body = "" } = (await ask(sandbox.namespace, { path: "/readiness", port: 9099 })) ?? {};
  expect(body.replaceAll(/[\s|]+/g, " ")).toContain("notice: cannot serve metrics on 127.0.0.1 port 9099");
  expect(agent.out()).toContain("FELIX_PROMETHEUSMETRICSPORT");
  expect(await agent.end("SIGTERM")).toBe(0);
});
