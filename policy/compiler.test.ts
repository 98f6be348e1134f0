import { describe, expect, test } from "bun:test";
import type { Address } from "../model/address.ts";
import type { Policy } from "../model/policy.ts";
import { TCP } from "../model/protocol.ts";
import type { Ruleset } from "../model/ruleset.ts";
import type { ClusterState } from "../model/update.ts";
import { type Compiler, compileRuleset, createCompiler, stateUpdates } from "./compiler.ts";
import {
  allow,
  block,
  cluster,
  gone,
  id,
  namedPort,
  namespace,
  peer,
  pod,
  podsOf,
  podsWhereNamespace,
  policy,
  port,
  put,
} from "./test-objects.ts";

const a = pod("x/a", "10.0.0.1");
const b = pod("x/b", "10.0.0.2");
const far = pod("y/a", "10.0.1.1", { attachment: undefined });
const base = [namespace("x"), namespace("y"), a, b, far];
const fromY = policy("x/y", { ingress: [allow([peer(podsOf("y"))], [port(80)])] });

function running(state: ClusterState): Compiler {
  const compiler = createCompiler();
  compiler.apply(stateUpdates(state));
  compiler.takeTouched();
  return compiler;
}

function onlySet({ addressSets }: Ruleset): string[] {
  expect(addressSets.size).toBe(1);
  return [...addressSets.values()].flatMap(({ addresses }) => [...addresses]).toSorted();
}

function touchedSets(compiler: Compiler): (string[] | "whole")[] {
  const { addressSets } = compiler.takeTouched();
  return [...addressSets.values()].map((touched) =>
    touched === "whole" ? touched : [...touched].toSorted(),
  );
}

describe("endpoints", () => {
  test("local ones have rules, an unattached one only where it is asked for", () => {
    const state = cluster(...base, fromY);
    expect([...compileRuleset(state).endpoints.keys()]).toEqual([a.id, b.id]);
    expect([...compileRuleset(state, { isLocal: (one) => one === far }).endpoints.keys()]).toEqual([far.id]);
  });

  test("no policy, no program; a finished endpoint has no rules", () => {
    const { endpoints, programs } = compileRuleset(cluster(...base, { ...b, finished: true }));
    expect(endpoints).toEqual(
      new Map([
        [
          a.id,
          {
            id: a.id,
            attachment: { kind: "address" },
            addresses: a.addresses,
            ingress: "allow",
            egress: "allow",
          },
        ],
      ]),
    );
    expect(programs.size).toBe(0);
  });

  test("with the same policies they share a program, in each direction its own", () => {
    const { endpoints, programs } = compileRuleset(cluster(...base, fromY, policy("x/out", { egress: [] })));
    expect(programs.size).toBe(2);
    expect(endpoints.get(a.id)).toMatchObject({ ingress: endpoints.get(b.id)?.ingress });
    expect(endpoints.get(a.id)?.ingress).not.toBe(endpoints.get(a.id)?.egress);
  });

  test("with other numbers behind a name that ingress rules mention they do not share", () => {
    const named = policy("x/web", { ingress: [allow("everyone", [namedPort("web")])] });
    const web = (name: string, address: string, number: number, other = number) =>
      pod(name, address, {
        ports: [
          { name: "web", protocol: TCP, port: number },
          { name: "admin", protocol: TCP, port: other },
        ],
      });
    const { endpoints } = compileRuleset(
      cluster(
        named,
        web("x/1", "10.0.0.1", 80, 1),
        web("x/2", "10.0.0.2", 80, 2),
        web("x/3", "10.0.0.3", 81),
      ),
    );
    const [one, two, three] = ["x/1", "x/2", "x/3"].map((name) => endpoints.get(id(name))?.ingress);
    expect(one === two).toBe(true);
    expect(one === three).toBe(false);
  });
});

describe("sets", () => {
  test("exist while a program of this node needs them", () => {
    const compiler = running(cluster(...base, fromY));
    expect(onlySet(compiler.ruleset)).toEqual(["10.0.1.1"]);
    compiler.apply([gone(a), gone(b)]);
    expect(compiler.ruleset.addressSets.size).toBe(0);
    expect(touchedSets(compiler)).toEqual(["whole"]);
    expect(compileRuleset(cluster(...base, fromY), { isLocal: () => false }).addressSets.size).toBe(0);
  });

  test("equal lists of peers share one, whatever the policy, the port and the order", () => {
    const peers = [peer(podsOf("y")), block("10.0.0.0/8")];
    const { addressSets } = compileRuleset(
      cluster(
        ...base,
        policy("x/1", { ingress: [allow(peers, [port(80)])] }, { subjects: podsOf("x", "a") }),
        policy("x/2", { egress: [allow(peers.toReversed())] }, { subjects: podsOf("x", "b") }),
      ),
    );
    expect(addressSets.size).toBe(1);
  });

  test("an endpoint that leaves one peer stays through another", () => {
    const peers = [peer(podsOf("y", "a")), peer(podsWhereNamespace("y")), peer(podsOf("y", "z"))];
    const compiler = running(cluster(...base, policy("x/p", { ingress: [allow(peers)] })));
    compiler.apply([put({ ...far, labels: { app: "b" } })]);
    expect(touchedSets(compiler)).toEqual([]);
    compiler.apply([put(namespace("y", {}))]);
    expect(touchedSets(compiler)).toEqual([["10.0.1.1"]]);
    compiler.apply([put({ ...far, labels: { app: "z" } })]);
    expect(onlySet(compiler.ruleset)).toEqual(["10.0.1.1"]);
  });

  test("blocks become ranges that neither overlap nor touch, a set without selectors says so", () => {
    const rules = [
      allow([block("10.0.0.0/24"), block("10.0.1.0/24", "10.0.1.128/25"), block("10.0.0.7/32")]),
    ];
    const [set] = compileRuleset(cluster(...base, policy("x/p", { ingress: rules }))).addressSets.values();
    expect(set).toMatchObject({
      hasEndpoints: false,
      ranges: [{ family: 4, first: 0x0a000000n, last: 0x0a00017fn }],
      title: "10.0.0.0/24 or 10.0.0.7/32 or 10.0.1.0/24 except 10.0.1.128/25",
    });
  });

  test("of services follow the address, the port and the labels of who listens", () => {
    const out = policy("x/out", { egress: [allow([peer(podsOf("y", "a"))], [namedPort("web")])] });
    const compiler = running(cluster(...base, out));
    const services = () => [...compiler.ruleset.serviceSets.values()].flatMap((set) => [...set.services]);
    const ports = [{ name: "web", protocol: TCP, port: 80 }];
    compiler.apply([put({ ...far, ports })]);
    expect(services()).toEqual(["10.0.1.1 6 80"] as never);
    compiler.apply([put({ ...far, ports, addresses: ["10.0.1.9" as Address] })]);
    expect(services()).toEqual(["10.0.1.9 6 80"] as never);
    compiler.apply([put({ ...far, ports, labels: {} })]);
    expect(services()).toEqual([]);
  });
});

describe("policies", () => {
  test("an edit keeps the program and changes its content; endpoints are not touched", () => {
    const compiler = running(cluster(...base, fromY));
    const before = compiler.ruleset.endpoints.get(a.id)?.ingress;
    const edited = policy("x/y", { ingress: [allow([peer(podsOf("y"))], [port(81)])] });
    compiler.apply([put(edited)]);
    const { programs, endpoints, addressSets } = compiler.takeTouched();
    expect([programs.size, endpoints.size, addressSets.size]).toEqual([1, 0, 0]);
    expect([...programs]).toEqual([before] as never);
  });

  test("deleted and made again in one batch, with another subject, only the new one counts", () => {
    const compiler = running(cluster(...base, fromY));
    const again: Policy = { ...fromY, subjects: podsOf("x", "b") };
    compiler.apply([gone(fromY), put(again)]);
    expect(compiler.ruleset.endpoints.get(a.id)?.ingress).toBe("allow");
    expect([...compiler.takeTouched().endpoints]).toEqual([a.id]);
  });

  test("a label of the namespace can be what selects the subject", () => {
    const compiler = running(cluster(...base, { ...fromY, subjects: podsWhereNamespace("dark") }));
    expect(compiler.ruleset.programs.size).toBe(0);
    compiler.apply([put(namespace("x", { name: "dark" }))]);
    expect(compiler.takeTouched().endpoints).toEqual(new Set([a.id, b.id]));
  });
});

describe("addresses", () => {
  const later = pod("x/c", "10.0.1.1", { startedAt: 5 });

  test("one that moves within a batch leaves nothing behind, in either order", () => {
    for (const updates of [[gone(far), put(later)], [put(later), gone(far)], [put(later)]]) {
      const compiler = running(cluster(...base, fromY));
      compiler.apply(updates);
      expect(onlySet(compiler.ruleset)).toEqual([]);
      expect(compiler.ruleset.endpoints.get(later.id)?.addresses).toEqual(later.addresses);
    }
  });

  test("one that moves between members of a set does not touch it", () => {
    const compiler = running(cluster(...base, fromY));
    compiler.apply([put(pod("y/b", "10.0.1.1", { attachment: undefined, startedAt: 5 }))]);
    expect(touchedSets(compiler)).toEqual([]);
  });

  test("the loser of a contest gets its address back when the winner goes", () => {
    const compiler = running(cluster(...base, fromY, later));
    compiler.apply([put({ ...later, finished: true })]);
    expect(onlySet(compiler.ruleset)).toEqual(["10.0.1.1"]);
  });
});
