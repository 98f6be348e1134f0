import { expect, test } from "bun:test";
import type { Problem } from "../model/problem.ts";
import { type AgentHealth, healthReport } from "./components.ts";
import { healthTable } from "./table.ts";

const WELL: AgentHealth = {
  datastore: { kind: "connected" },
  inSync: true,
  problems: [],
  conditions: [],
  applied: true,
  settlingSince: undefined,
  failure: undefined,
  refused: [],
  applies: "3 endpoints",
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
  expect(healthTable(report)).toBe(
    [
      "+-----------+---------+----------------+-----------------+----------------------------+",
      "| COMPONENT | TIMEOUT |    LIVENESS    |    READINESS    |           DETAIL           |",
      "+-----------+---------+----------------+-----------------+----------------------------+",
      "| MainLoop  | -       | reporting live | reporting ready |                            |",
      "| Datastore | -       | reporting live | reporting ready | in sync                    |",
      "| Node      | -       | reporting live | reporting ready |                            |",
      "| Objects   | -       | reporting live | reporting ready |                            |",
      "| Dataplane | 1m30s   | reporting live | reporting ready | in the kernel: 3 endpoints |",
      "+-----------+---------+----------------+-----------------+----------------------------+",
      "",
    ].join("\n"),
  );
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
