import { expect, test } from "bun:test";
import type { Problem } from "../model/problem.ts";
import { type AgentHealth, healthReport, type TableHealth } from "./components.ts";
import { healthTable } from "./table.ts";

const TABLE: TableHealth = { chains: 20, sets: 12, elements: 30, grace: false, ownershipNote: "" };

const WELL: AgentHealth = {
  datastore: { kind: "connected" },
  inSync: true,
  problems: [],
  conditions: [],
  applied: true,
  settlingSince: undefined,
  failure: undefined,
  refused: [],
  counts: {
    endpoints: 3,
    programs: 1,
    peerSets: 2,
    localPolicies: 1,
    clusterPolicies: 5,
    clusterEndpoints: 9,
  },
  table: () => TABLE,
  passes: { unchanged: 0, applied: 1, degraded: 0, failed: 0 },
  podNetwork: undefined,
};

const PROBLEM: Problem = {
  where: "web.yaml, document 1 (NetworkPolicy x/web)",
  path: "spec.ingress[0].from[0].ipBlock.cidr",
  value: '"10.0.0.0/33"',
  message: "not a CIDR",
  consequence: "this rule allows nothing",
};

function detailOf(health: AgentHealth, name: string): string {
  const component = healthReport(health, 0).components.find((one) => one.name === name);
  return component?.detail.join("\n") ?? "";
}

test("all is well: live, ready, and the table looks like Calico's", () => {
  const report = healthReport(WELL, 0);
  expect(report).toMatchObject({ live: true, ready: true });
  const applied =
    "in the kernel: 3 endpoints of this node, 5 policies of the cluster; the endpoints share 1 program; 20 chains, 12 sets, 30 elements";
  const cell = (text: string): string => text.padEnd(applied.length);
  const head = "DETAIL".padStart(applied.length / 2 + 3).padEnd(applied.length);
  const line = `+-----------+---------+----------------+-----------------+${"-".repeat(applied.length + 2)}+`;
  expect(healthTable(report)).toBe(
    [
      line,
      `| COMPONENT | TIMEOUT |    LIVENESS    |    READINESS    | ${head} |`,
      line,
      `| MainLoop  | -       | reporting live | reporting ready | ${cell("")} |`,
      `| Datastore | -       | reporting live | reporting ready | ${cell("in sync")} |`,
      `| Node      | -       | reporting live | reporting ready | ${cell("")} |`,
      `| Objects   | -       | reporting live | reporting ready | ${cell("")} |`,
      `| Dataplane | 1m30s   | reporting live | reporting ready | ${applied} |`,
      line,
      "",
    ].join("\n"),
  );
});

test("what is worth knowing of the table is said beside its counts", () => {
  const table = (): TableHealth => ({ ...TABLE, grace: true, ownershipNote: "an old kernel" });
  const detail = detailOf({ ...WELL, counts: { ...WELL.counts, endpoints: 1 }, table }, "Dataplane");
  expect(detail).toContain("1 endpoint of this node");
  expect(detail).toContain("judged by policy, not cut (TORTIE_GRACESECONDS)");
  expect(detail).toEndWith("; the table is not owned: an old kernel");
});

test("not ready while the datastore waits, and it says for what and what to do", () => {
  const waiting: AgentHealth = {
    ...WELL,
    datastore: { kind: "waiting", for: "the directory /manifests", next: "create it" },
    inSync: false,
    applied: false,
  };
  expect(healthReport(waiting, 0)).toMatchObject({ live: true, ready: false });
  expect(detailOf(waiting, "Datastore")).toBe("waiting for the directory /manifests\nnext: create it");
  expect(detailOf(waiting, "Dataplane")).toContain("nothing is written before");
});

test("not ready between in sync and the first ruleset in the kernel", () => {
  expect(healthReport({ ...WELL, applied: false }, 0).ready).toBe(false);
});

test("a stale datastore stays ready and says since when", () => {
  const since = new Date(0);
  const stale: AgentHealth = {
    ...WELL,
    datastore: { kind: "stale", since, because: "/manifests is gone", next: "make it again" },
  };
  expect(healthReport(stale, 0).ready).toBe(true);
  expect(detailOf(stale, "Datastore")).toContain("stale since 1970-01-01T00:00:00.000Z: /manifests is gone");
});

test("a failed pass is not ready, and still live", () => {
  const failed: AgentHealth = { ...WELL, failure: "EPERM" };
  expect(healthReport(failed, 0)).toMatchObject({ live: true, ready: false });
  expect(detailOf(failed, "Dataplane")).toContain("failed and is retried: EPERM");
});

test("a pass stuck for more than 90 seconds is not live", () => {
  const settling: AgentHealth = { ...WELL, settlingSince: 1_000 };
  expect(healthReport(settling, 91_000).live).toBe(true);
  expect(healthReport(settling, 91_001)).toMatchObject({ live: false, ready: false });
});

test("problems and refused objects are counted and the first few named; the node stays ready", () => {
  const health: AgentHealth = {
    ...WELL,
    problems: Array.from({ length: 7 }, () => PROBLEM),
    refused: ["chain x: ENOENT"],
  };
  expect(healthReport(health, 0).ready).toBe(true);
  const objects = detailOf(health, "Objects").split("\n");
  expect(objects[0]).toBe("7 problems:");
  expect(objects[1]).toContain("web.yaml, document 1 (NetworkPolicy x/web), spec.ingress[0]");
  expect(objects.at(-1)).toBe("and 2 more");
  expect(detailOf(health, "Dataplane")).toContain("1 object refused by the kernel:\nchain x: ENOENT");
});

test("what this node lacks is a failure; what is worth knowing is shown and leaves it ready", () => {
  const notice = { kind: "notice", text: "the server's certificate is not checked" } as const;
  const failure = { kind: "failure", text: "the cluster has no node x; set NODENAME" } as const;
  expect(healthReport({ ...WELL, conditions: [notice] }, 0)).toMatchObject({ live: true, ready: true });
  expect(detailOf({ ...WELL, conditions: [notice] }, "Node")).toBe(`notice: ${notice.text}`);
  const failed = { ...WELL, conditions: [notice, failure] };
  expect(healthReport(failed, 0)).toMatchObject({ live: true, ready: false });
  expect(detailOf(failed, "Node")).toBe(`notice: ${notice.text}\n${failure.text}`);
});

test("the longest pass may be set", () => {
  const settling: AgentHealth = { ...WELL, settlingSince: 1_000 };
  expect(healthReport(settling, 3_001, 2)).toMatchObject({ live: false, ready: false });
  expect(healthReport(settling, 91_001, 120)).toMatchObject({ live: true, ready: true });
});

test("how the plugin is served is shown where it is, and unready while nobody can call", () => {
  expect(healthReport(WELL, 0).components.map(({ name }) => name)).not.toContain("CNI");
  const waiting = Array.from({ length: 7 }, (_, at) => `pod x/${at}: no datastore`);
  const served = { ...WELL, podNetwork: { socket: "/run/a.sock", trouble: undefined, pods: 1, waiting } };
  expect(healthReport(served, 0).ready).toBe(true);
  expect(detailOf(served, "CNI").split("\n")).toEqual([
    "listening on /run/a.sock, 1 container wired",
    "7 pods wait:",
    ...waiting.slice(0, 5),
    "and 2 more",
  ]);
  const deaf = { ...WELL, podNetwork: { ...served.podNetwork, trouble: "EACCES", waiting: [] } };
  expect(healthReport(deaf, 0)).toMatchObject({ live: true, ready: false });
  expect(detailOf(deaf, "CNI")).toBe("EACCES");
});
