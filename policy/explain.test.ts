import { describe, expect, test } from "bun:test";
import type { Address } from "../model/address.ts";
import type { Cidr } from "../model/cidr.ts";
import { ICMP, TCP } from "../model/protocol.ts";
import { explain, ExplainError, type Flow, type Party } from "./explain.ts";
import { allow, block, cluster, id, namespace, peer, pod, podsOf, policy, port } from "./test-objects.ts";

const endpoint = (name: string): Party => ({ kind: "endpoint", id: id(name) });
const address = (text: string): Party => ({ kind: "address", address: text as Address });

function flow(from: Party, to: Party, changes: Partial<Flow> = {}): Flow {
  return { from, to, protocol: TCP, port: 80, ...changes };
}

const things = [
  namespace("x"),
  namespace("y"),
  pod("x/a", "10.0.0.1 fd00::1"),
  pod("x/b", "10.0.0.2 fd00::2"),
  pod("y/a", "10.0.1.1", { attachment: undefined }),
  pod("y/six", "fd00::6", { attachment: undefined }),
];
const open = cluster(...things);
const closed = cluster(
  ...things,
  policy("x/deny", { ingress: [], egress: [] }),
  policy("x/web", { ingress: [allow([]), allow([peer(podsOf("y", "a"))], [port(80)])] }),
  policy("x/out", { egress: [allow([block("10.0.0.0/24"), block("192.0.2.0/24", "192.0.2.1/32")])] }),
);

function problem(run: () => unknown): ExplainError | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof ExplainError) return error;
    throw error;
  }
}

describe("steps", () => {
  test("every step says why, and which rule allows, though one end lives elsewhere", () => {
    expect(explain(closed, flow(endpoint("y/a"), endpoint("x/a")))).toEqual({
      verdict: "allowed",
      steps: [
        { at: "gate", verdict: "allow", because: "10.0.1.1 is y/a's own address", policies: [] },
        { at: "egress", verdict: "allow", because: "no policy isolates the egress of y/a", policies: [] },
        {
          at: "ingress",
          verdict: "allow",
          because: "x/web ingress[1] allows TCP port 80 from 10.0.1.1",
          policies: ["x/deny", "x/web"],
          rule: { policy: "x/web", source: "ingress[1]" },
        },
      ],
    });
  });

  test("a masqueraded source is told after all verdicts, and changes none", () => {
    const pools = new Map(
      [
        { cidr: "10.0.0.0/16" as Cidr, natOutgoing: true },
        { cidr: "192.0.2.128/25" as Cidr, natOutgoing: false },
      ].map((pool) => [pool.cidr, pool]),
    );
    const state = { ...closed, pools };
    const leaving = (from: Party, to: Party) =>
      explain(state, flow(from, to)).steps.find(({ at }) => at === "leaving")?.because;
    expect(leaving(endpoint("x/a"), address("192.0.2.2"))).toBe(
      "192.0.2.2 is in no pool: it sees the address of the node, not 10.0.0.1",
    );
    expect(explain(state, flow(endpoint("x/a"), address("192.0.2.2"))).verdict).toBe("allowed");
    // Denied; to another pool; over IPv6, which no pool has; nobody's; to its own node.
    expect(leaving(endpoint("x/a"), address("192.0.2.1"))).toBeUndefined();
    expect(leaving(endpoint("x/a"), address("192.0.2.129"))).toBeUndefined();
    expect(leaving(endpoint("x/b"), endpoint("x/a"))).toBeUndefined();
    expect(leaving(endpoint("y/six"), address("2001:db8::1"))).toBeUndefined();
    expect(leaving(address("10.0.7.7"), address("203.0.113.1"))).toBeUndefined();
    expect(leaving(endpoint("x/a"), { kind: "node" })).toBeUndefined();
  });

  test("a denied flow is judged at both ends", () => {
    const { verdict, steps } = explain(closed, flow(endpoint("x/a"), endpoint("x/b")));
    expect(verdict).toBe("denied");
    expect(steps.map(({ at, verdict: one }) => `${at} ${one}`)).toEqual([
      "gate allow",
      "egress allow",
      "ingress deny",
    ]);
    expect(steps[2]?.because).toBe(
      "x/b is isolated by x/deny, x/web and no rule allows TCP port 80 from 10.0.0.1",
    );
    expect(steps[2]).not.toHaveProperty("rule");
  });

  test("self traffic never leaves", () => {
    const { verdict, steps } = explain(closed, flow(endpoint("x/a"), address("10.0.0.1")));
    expect([verdict, ...steps.map(({ at }) => at)]).toEqual(["allowed", "loopback"]);
  });

  test("a way back to itself through a Service is judged like any other", () => {
    const hairpin = flow(endpoint("x/a"), endpoint("x/a"), { throughService: true });
    expect(explain(open, hairpin).steps.map(({ at }) => at)).toEqual(["gate", "egress", "ingress"]);
    expect(explain(closed, hairpin).verdict).toBe("denied");
  });

  test("an address is read as the endpoint that owns it", () => {
    expect(explain(closed, flow(address("10.0.1.1"), address("10.0.0.1")))).toEqual(
      explain(closed, flow(endpoint("y/a"), endpoint("x/a"))),
    );
  });

  test("strangers are judged where they meet an endpoint only", () => {
    const out = explain(closed, flow(endpoint("x/a"), address("192.0.2.7")));
    expect(out.steps.map(({ at, because }) => `${at}: ${because}`)).toEqual([
      "gate: 10.0.0.1 is x/a's own address",
      "egress: x/out egress[0] allows TCP port 80 to 192.0.2.7",
      "ingress: 192.0.2.7 is no endpoint: no policy judges what it receives",
    ]);
    expect(explain(closed, flow(endpoint("x/a"), address("192.0.2.1"))).verdict).toBe("denied");
    expect(explain(closed, flow(address("192.0.2.7"), endpoint("x/a"))).verdict).toBe("denied");
    expect(explain(closed, flow(address("192.0.2.7"), address("192.0.2.8"))).verdict).toBe("allowed");
  });

  test("the node reaches its pods, a pod's way to the node is its egress", () => {
    const node: Party = { kind: "node" };
    expect(explain(closed, flow(node, endpoint("x/a"))).verdict).toBe("allowed");
    expect(explain(closed, flow(endpoint("x/a"), node)).verdict).toBe("denied");
    expect(
      explain(closed, flow(endpoint("x/a"), { kind: "node", address: "10.0.0.254" as Address })).verdict,
    ).toBe("allowed");
    expect(explain(open, flow(endpoint("x/a"), node)).verdict).toBe("allowed");
  });
});

describe("the gate", () => {
  test("a forged source is stopped before anything is judged, whomever it belongs to", () => {
    const forged = flow(endpoint("x/b"), endpoint("x/a"), { claimedSource: "10.0.1.1" as Address });
    expect(explain(closed, forged)).toEqual({
      verdict: "denied",
      steps: [
        {
          at: "gate",
          verdict: "deny",
          because: "10.0.1.1 is not an address of x/b: the source is forged",
          policies: [],
        },
      ],
    });
  });

  test("a claim of its own other address is honest", () => {
    const honest = flow(endpoint("x/b"), endpoint("x/a"), { claimedSource: "fd00::2" as Address });
    expect(explain(open, honest).steps[0]?.because).toBe("fd00::2 is x/b's own address");
  });

  test("a pod that has no address, lost it or is finished sends and receives nothing", () => {
    const state = cluster(
      ...things,
      pod("x/new", ""),
      pod("x/late", "10.0.0.1", { startedAt: 0 }),
      pod("x/half", "10.0.0.1 fd00::7", { startedAt: 0 }),
      pod("x/done", "10.0.0.8", { finished: true }),
    );
    const [from, to] = [endpoint("x/b"), endpoint("x/b")];
    const because = (one: Flow) => explain(state, one).steps.map((step) => `${step.at}: ${step.because}`);
    expect(because(flow(from, endpoint("x/new")))).toEqual([
      "ingress: x/new has no address yet: its interface stays closed",
    ]);
    expect(because(flow(endpoint("x/late"), to))).toEqual([
      "gate: x/late lost its address: 10.0.0.1 belongs to x/a",
    ]);
    expect(because(flow(endpoint("x/done"), to))).toEqual([
      "gate: x/done is finished: its interface stays closed",
    ]);
    expect(explain(state, flow(endpoint("x/half"), to)).verdict).toBe("allowed");
    expect(because(flow(endpoint("x/half"), to, { family: 4 }))).toEqual([
      "gate: x/half lost its address: 10.0.0.1 belongs to x/a",
    ]);
  });
});

describe("families and errors", () => {
  test("the source's first family wins unless the flow names one", () => {
    const seen = (family?: 4 | 6) =>
      explain(open, flow(endpoint("x/a"), endpoint("x/b"), family === undefined ? {} : { family })).steps[0]
        ?.because;
    expect([seen(), seen(4), seen(6)].map((text) => text?.split(" ")[0])).toEqual([
      "10.0.0.1",
      "10.0.0.1",
      "fd00::1",
    ]);
    expect(explain(open, flow(endpoint("x/a"), endpoint("y/six"))).steps[0]?.because).toStartWith("fd00::1 ");
  });

  test.each([
    ["unknownEndpoint", flow(endpoint("x/nobody"), endpoint("x/a"))],
    ["noCommonFamily", flow(endpoint("y/a"), endpoint("y/six"))],
    ["noCommonFamily", flow(endpoint("y/a"), endpoint("x/a"), { family: 6 })],
    ["noCommonFamily", flow(address("192.0.2.1"), endpoint("y/six"))],
    ["portMissing", flow(endpoint("x/a"), endpoint("x/b"), { port: undefined })],
  ] as const)("%s", (kind, wrong) => {
    const error = problem(() => explain(open, wrong));
    expect(error?.kind).toBe(kind);
    expect(error?.message).toBe(`${error?.tried}: ${error?.found}; ${error?.next}`);
  });

  test("protocols without ports need none", () => {
    expect(
      explain(open, flow(endpoint("x/a"), endpoint("x/b"), { protocol: ICMP, port: undefined })).verdict,
    ).toBe("allowed");
  });
});
