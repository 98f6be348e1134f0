import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Finding } from "../../preflight/finding.ts";
import { startTortie } from "../agent/running-agent.ts";
import { NODE, type RealNode, startNode } from "./node.ts";

const WEB = { namespace: "shop", name: "web" };

let node: RealNode;
beforeAll(async () => {
  node = await startNode([WEB]);
  await node.announce(WEB);
}, 60_000);
afterAll(() => node[Symbol.asyncDispose]());

interface Checked {
  readonly code: number;
  readonly server: string | null;
  readonly findings: ReadonlyMap<string, Finding>;
}

/** With the account of deploy/manifests/tortie-rbac.yaml. */
async function preflight(changes: Readonly<Record<string, string>> = {}): Promise<Checked> {
  const run = startTortie(node.lab.node.network, ["preflight", "-o", "json"], {
    PATH: process.env["PATH"] ?? "",
    ...node.environment(),
    CALICO_MANAGE_CNI: "true",
    CALICO_IPV4POOL_CIDR: "10.65.0.0/16",
    ...changes,
  });
  const code = await run.ended();
  const { server, findings } = JSON.parse(run.out()) as { server: string | null; findings: Finding[] };
  return { code, server, findings: new Map(findings.map((finding) => [finding.check, finding])) };
}

/** The checks of the cluster. */
const CHECKS = ["API server", "rights", "clock", "node", "pools", "routes", "running pods"];

test("with the account of the manifests all is well", async () => {
  const { code, server, findings } = await preflight();
  expect(CHECKS.map((check) => [check, findings.get(check)?.status])).toEqual(
    CHECKS.map((check) => [check, "ok"]),
  );
  expect(server).toBe(node.cluster.server);
  // Servers of that age keep one range of two.
  expect(findings.get("node")?.found).toStartWith(
    `${NODE} is the only node; its pods come from 10.65.0.0/24`,
  );
  expect([...findings.values()].filter(({ status }) => status === "failed")).toEqual([]);
  expect(code).toBe(0);
});

test("each right that is missing is named", async () => {
  const kubectl = (args: readonly string[]): Promise<string> => node.cluster.kubectl(args);
  const role = JSON.parse(await kubectl(["get", "clusterrole", "tortie", "-o", "json"])) as {
    rules: { resources: string[]; verbs: string[] }[];
  };
  const patch = (rules: unknown): Promise<string> =>
    kubectl(["patch", "clusterrole", "tortie", "--type=merge", "--patch", JSON.stringify({ rules })]);
  const fewer = role.rules
    .filter(({ resources }) => !resources.includes("networkpolicies"))
    .map((rule) =>
      rule.resources.includes("nodes")
        ? { ...rule, verbs: rule.verbs.filter((verb) => verb !== "list") }
        : rule,
    );
  await patch(fewer);
  // The server takes a moment to know.
  for (;;) {
    const { code, findings } = await preflight();
    const rights = findings.get("rights");
    if (rights?.found.includes("networkpolicies") === true && rights.found.includes("nodes")) {
      expect(rights.status).toBe("failed");
      expect(rights.found).toContain("list nodes");
      expect(rights.found).toContain("get, list, watch networkpolicies.networking.k8s.io");
      expect(findings.get("node")).toMatchObject({
        status: "not known",
        found: expect.stringContaining("may not list nodes"),
      });
      expect(code).toBe(1);
      break;
    }
  }
  await patch(role.rules);
  for (let status = ""; status !== "ok";) status = (await preflight()).findings.get("rights")?.status ?? "";
});

test("a node name that the cluster does not know, and a pool that is another", async () => {
  const { code, findings } = await preflight({ NODENAME: "node-2", CALICO_IPV4POOL_CIDR: "10.244.0.0/16" });
  expect(code).toBe(1);
  expect(findings.get("node")).toMatchObject({
    status: "failed",
    found: `the cluster has no node node-2: every pod would be somebody else's; it knows ${NODE}`,
    mend: `set NODENAME; did you mean ${NODE}?`,
  });
  expect(findings.get("pools")?.found).toContain(`outside of that: 10.65.0.0/24 (${NODE})`);
});

test("a token that the server does not take, and one authority for another", async () => {
  const base = { KUBECONFIG: "", K8S_API_ENDPOINT: node.cluster.server };
  const unauthorized = await preflight({
    ...base,
    K8S_CA_FILE: node.cluster.identities.caFile,
    K8S_TOKEN: "nobody",
  });
  expect(unauthorized.findings.get("API server")).toMatchObject({
    status: "failed",
    found: expect.stringContaining("401"),
  });
  const unknown = await preflight({ ...base, K8S_TOKEN: "nobody" });
  expect(unknown.findings.get("API server")).toMatchObject({
    status: "failed",
    found: expect.stringContaining("certificate"),
  });
  expect(unknown.findings.has("node")).toBe(false);
});

test("a frozen server costs ten seconds and one line", async () => {
  node.cluster.apiServer.freeze();
  try {
    const { code, findings } = await preflight();
    expect(code).toBe(1);
    expect(findings.get("API server")).toMatchObject({
      status: "failed",
      found: `${node.cluster.server} did not answer within 10 s: it hangs, or packets to it are dropped`,
    });
    expect(findings.get("kernel")?.status).toMatch(/^(ok|warning)$/);
  } finally {
    node.cluster.apiServer.thaw();
  }
});
