import { describe, expect, test } from "bun:test";
import { decisions } from "./decisions.ts";
import type { OracleFlow } from "./objects.ts";
import { oracleReason, oracleVerdict } from "./oracle.ts";

/** Permuting policies and rules changes no meaning: each decision is judged backwards too. */
function backwards({
  namespaces,
  pods,
  policies,
}: (typeof decisions)[number]["world"]): (typeof decisions)[number]["world"] {
  return {
    namespaces: namespaces.toReversed(),
    pods: pods.toReversed(),
    policies: policies.toReversed().map((policy) => ({
      ...policy,
      spec: policy.spec && {
        ...policy.spec,
        ingress: policy.spec.ingress?.toReversed(),
        egress: policy.spec.egress?.toReversed(),
      },
    })),
  };
}

describe("oracle", () => {
  test.each(decisions.map((decision) => [decision.name, decision] as const))("%s", (_, decision) => {
    const judged = (world: typeof decision.world, flows: readonly OracleFlow[]) =>
      flows.map((flow) => ({ flow, ...oracleVerdict(world, flow) }));
    for (const world of [decision.world, backwards(decision.world)]) {
      expect(judged(world, decision.allowed).filter(({ allowed }) => !allowed)).toEqual([]);
      expect(judged(world, decision.denied).filter(({ allowed }) => allowed)).toEqual([]);
    }
  });

  test("decisions have names of their own and something to say", () => {
    expect(new Set(decisions.map(({ name }) => name)).size).toBe(decisions.length);
    for (const { allowed, denied } of decisions) expect(allowed.length + denied.length).toBeGreaterThan(0);
  });

  test("decisions put no label on a pod or namespace that no server would take", () => {
    const objects = decisions.flatMap(({ world }) => [...world.namespaces, ...world.pods]);
    for (const { metadata } of objects) {
      for (const value of Object.values(metadata.labels ?? {})) {
        expect(value).toMatch(/^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/);
      }
    }
  });

  test("the reason names the policy and rule that decided", () => {
    const decision = decisions.find(
      ({ name }) => name === "policies only add: a pod may do what any one of them allows",
    );
    const [flow] = decision?.allowed ?? [];
    if (decision === undefined || flow === undefined) throw new Error("that decision should exist");
    expect(oracleReason(decision.world, flow)).toBe(
      "egress of z/a is not isolated; ingress of x/a: x/web ingress[0]",
    );
  });

  test("a flow that names nobody is a mistake of the test, not a verdict", () => {
    const world = { namespaces: [], pods: [], policies: [] };
    const flow: OracleFlow = {
      from: { pod: "x/a" },
      to: { address: "10.0.0.1" },
      protocol: "TCP",
      port: 80,
      family: 4,
    };
    expect(() => oracleVerdict(world, flow)).toThrow("x/a");
  });
});
