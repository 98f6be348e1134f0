import { afterAll, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NetworkNamespace } from "../../native/network-namespace.ts";
import type { Finding } from "../../preflight/finding.ts";
import { askHealth, startTortie, until } from "../agent/running-agent.ts";
import { nftOrThrow } from "./nft-command.ts";
import { ip, setSysctl } from "./other-cni/commands.ts";

const folder = mkdtempSync(join(tmpdir(), "tortie-preflight-"));
let node: NetworkNamespace;
const nodes: NetworkNamespace[] = [];
afterAll(() => {
  for (const one of nodes) one[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** A node with an uplink, a route to one other node, and a pod that tortie's plugin wired. */
beforeEach(() => {
  node = NetworkNamespace.create();
  nodes.push(node);
  setSysctl(node, "net/ipv4/ip_forward", "1");
  ip(
    node,
    "link set lo up",
    "link add eth0 mtu 1450 type veth peer name far0",
    "address add 192.0.2.10/24 dev eth0",
    "link set eth0 up",
    "link set far0 up",
    "route add default via 192.0.2.1",
    "route add 10.244.2.0/24 via 192.0.2.2",
    "link add cali0123 type veth peer name pod0",
    "link set cali0123 up",
    "link set pod0 up",
    "route add 10.244.1.7/32 dev cali0123 scope link",
  );
});

const OTHERS = [["node-2", "10.244.2.0/24"]] as const;
const PODS = [["web", "10.244.1.7"]] as const;

interface World {
  readonly others?: readonly (readonly [name: string, podCidr: string])[];
  readonly pods?: readonly (readonly [name: string, address: string])[];
}

/** As much of an API server as is asked, on the node's loopback. */
function serve({ others = OTHERS, pods = PODS }: World): Bun.Server<undefined> {
  const items = {
    "/api/v1/nodes": [["node-1", "10.244.1.0/24"] as const, ...others].map(([name, cidr]) => ({
      metadata: { name },
      spec: { podCIDRs: [cidr] },
    })),
    "/api/v1/pods": pods.map(([name, podIP]) => ({
      metadata: { namespace: "shop", name },
      spec: {},
      status: { podIP },
    })),
  };
  const fetch = ({ url }: Request): Response => {
    const { pathname } = new URL(url);
    if (pathname.endsWith("admissionregistration.k8s.io/v1")) return Response.json({ resources: [] });
    const listed = items[pathname as keyof typeof items];
    return Response.json(listed === undefined ? { status: { allowed: true } } : { items: listed });
  };
  return node.run(() => Bun.serve({ hostname: "127.0.0.1", port: 0, fetch }));
}

interface Checked {
  readonly code: number;
  readonly findings: ReadonlyMap<string, Finding>;
}

async function preflight(
  environment: Readonly<Record<string, string>> = {},
  world: World = {},
  before: readonly string[] = [],
): Promise<Checked> {
  using server = serve(world);
  const env = {
    PATH: process.env["PATH"] ?? "",
    DATASTORE_TYPE: "kubernetes",
    K8S_API_ENDPOINT: `http://127.0.0.1:${server.port}`,
    NODENAME: "node-1",
    CALICO_MANAGE_CNI: "true",
    CALICO_IPV4POOL_CIDR: "10.244.0.0/16",
    ...environment,
  };
  const words = ["preflight", "-o", "json", "--host-root", folder];
  const run = startTortie(node, words, env, before);
  const code = await run.ended();
  expect(run.err()).toBe("");
  const { findings } = JSON.parse(run.out()) as { findings: Finding[] };
  return { code, findings: new Map(findings.map((finding) => [finding.check, finding])) };
}

test("a good node passes, and nothing of it is changed by looking", async () => {
  // States of links come late; names do not.
  const links = (): string[] => ip(node, "link show").match(/^\d+: \S+/gm) ?? [];
  const state = () => [nftOrThrow(node, ["list", "ruleset"]), ip(node, "rule show"), ...links()];
  const before = state();
  const { code, findings } = await preflight();
  expect([...findings.values()].filter(({ status }) => status === "failed")).toEqual([]);
  expect(code).toBe(0);
  expect(findings.get("kernel")?.status).toMatch(/^(ok|warning)$/);
  for (const [check, found] of [
    ["forwarding", "IPv4 packets are forwarded"],
    ["MTU", "pods get 1450 (eth0)"],
    ["routes", "to the pods of the other node by eth0"],
    ["running pods", "1 pod of this node, behind interfaces of their own"],
    ["kube-proxy", "not in IPVS mode"],
  ] as const)
    expect(findings.get(check)).toEqual({ check, status: "ok", found });
  expect(state()).toEqual(before);
});

test("what Calico left, other enforcers, IPVS and a host that forwards nothing are failures", async () => {
  nftOrThrow(
    node,
    ["-f", "-"],
    "add table ip calico\nadd table inet kindnet-network-policies\nadd chain inet kindnet-network-policies x",
  );
  ip(node, "link add kube-ipvs0 type bridge");
  setSysctl(node, "net/ipv4/ip_forward", "0");
  const { code, findings } = await preflight();
  expect(code).toBe(1);
  for (const check of ["Calico's rules", "other enforcers", "kube-proxy", "forwarding"])
    expect(findings.get(check)?.status).toBe("failed");
  expect(findings.get("Calico's rules")?.found).toContain("nftables table ip calico");
  expect(findings.get("other enforcers")?.found).toContain("table inet kindnet-network-policies");
});

test("routes to other nodes: by the default route is a warning, nowhere is a failure", async () => {
  const others = [...OTHERS, ["node-3", "10.244.3.0/24"]] as const;
  expect((await preflight({}, { others })).findings.get("routes")).toMatchObject({
    status: "warning",
    found: expect.stringContaining(
      "by the default route (eth0) go packets to the pods in 10.244.3.0/24 (node-3)",
    ),
  });
  ip(node, "route del default");
  expect((await preflight({}, { others })).findings.get("routes")).toMatchObject({
    status: "failed",
    found: "no route leads to the pods in 10.244.3.0/24 (node-3)",
  });
});

test("a pod on another plugin's bridge is unpoliced; where that plugin wires them, the bridge's switch counts", async () => {
  ip(node, "link add cni0 type bridge", "address add 10.244.1.1/24 dev cni0", "link set cni0 up");
  const world = { pods: [...PODS, ["old", "10.244.1.9"]] } as const;
  const { code, findings } = await preflight({}, world);
  expect(code).toBe(1);
  expect(findings.get("running pods")).toMatchObject({
    status: "failed",
    found: "another plugin wired shop/old behind cni0: no policy holds for them",
  });
  setSysctl(node, "net/bridge/bridge-nf-call-iptables", "0");
  setSysctl(node, "net/bridge/bridge-nf-call-ip6tables", "0");
  const others = await preflight({ CALICO_MANAGE_CNI: "false" }, world);
  expect(others.findings.get("running pods")?.status).toBe("ok");
  expect(others.findings.get("bridges")).toMatchObject({
    status: "failed",
    mend: expect.stringContaining("bridge-nf-call"),
  });
  setSysctl(node, "net/bridge/bridge-nf-call-iptables", "1");
  setSysctl(node, "net/bridge/bridge-nf-call-ip6tables", "1");
  const mended = await preflight({ CALICO_MANAGE_CNI: "false" }, world);
  expect(mended.findings.get("bridges")?.status).toBe("ok");
});

test("without rights it says what it may not look at, and looks at the rest", async () => {
  const nothing = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--"];
  const { code, findings } = await preflight({}, {}, nothing);
  expect(code).toBe(0);
  for (const check of ["kernel", "other enforcers", "Calico's rules"]) {
    expect(findings.get(check)).toMatchObject({
      status: "not known",
      found: expect.stringContaining("this user may not look (EPERM)"),
    });
  }
  for (const check of ["routes", "running pods", "MTU", "node", "rights"])
    expect(findings.get(check)?.status).toBe("ok");
});

test("it works beside a living agent, and tells of it", async () => {
  const manifests = join(folder, "manifests");
  mkdirSync(manifests);
  writeFileSync(join(manifests, "x.yaml"), "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: x\n");
  const agent = startTortie(node, ["agent"], {
    PATH: process.env["PATH"] ?? "",
    DATASTORE_PATH: manifests,
    NODENAME: "node-1",
    TORTIE_RUNDIRECTORY: join(folder, "run"),
    TORTIE_STATEDIRECTORY: join(folder, "state"),
  });
  await until(async () => (await askHealth(node, "/readiness"))?.status === 200);
  const { code, findings } = await preflight();
  expect(code).toBe(0);
  expect(findings.get("settings")?.found).toEndWith("; an agent runs");
  expect(findings.get("kernel")?.status).toBe("ok");
  expect((await askHealth(node, "/readiness"))?.status).toBe(200);
  const health = startTortie(node, ["health"], { PATH: process.env["PATH"] ?? "" });
  expect(await health.ended()).toBe(0);
  expect(health.out()).toContain("| Dataplane |");
  expect(await agent.end("SIGTERM")).toBe(0);
});

test("Ctrl-C ends it at once while a server says nothing", async () => {
  const asked = Promise.withResolvers<void>();
  using silent = node.run(() =>
    Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: () => {
        asked.resolve();
        return Promise.withResolvers<Response>().promise;
      },
    }),
  );
  const run = startTortie(node, ["preflight"], {
    PATH: process.env["PATH"] ?? "",
    DATASTORE_TYPE: "kubernetes",
    K8S_API_ENDPOINT: `http://127.0.0.1:${silent.port}`,
  });
  await asked.promise;
  run.process.kill("SIGINT");
  await run.process.exited;
  expect(run.process.signalCode).toBe("SIGINT");
});
