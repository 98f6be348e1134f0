import { expect, setDefaultTimeout, test } from "bun:test";
import * as fc from "fast-check";
import type { Address } from "../../model/address.ts";
import type { EndpointSelector, Selector } from "../../model/selector.ts";
import type { Peer, Policy, Rule } from "../../model/policy.ts";
import { ICMP, SCTP, TCP, UDP } from "../../model/protocol.ts";
import type { ClusterState } from "../../model/update.ts";
import { createExplainer, explain, ExplainError, type Flow, type Party } from "../../policy/explain.ts";
import { testRuns, testSeed } from "../worlds/seed.ts";
import { arbitraryState } from "./random-state.ts";

// Ten times as many runs must fit too.
setDefaultTimeout(120_000);
const parameters = { seed: testSeed(), numRuns: testRuns("TORTIE_JOURNEYS", 100) };
const STRANGERS: readonly Party[] = [
  { kind: "address", address: "10.0.0.200" as Address },
  { kind: "address", address: "fd00::99" as Address },
  { kind: "address", address: "192.0.2.1" as Address },
  { kind: "node", address: "10.0.0.254" as Address },
];
const TRAFFIC: readonly Pick<Flow, "protocol" | "port">[] = [
  { protocol: TCP, port: 80 },
  { protocol: TCP, port: 81 },
  { protocol: TCP, port: 9999 },
  { protocol: UDP, port: 8080 },
  { protocol: SCTP, port: 80 },
  { protocol: ICMP, port: undefined },
];

function* flows({ endpoints }: ClusterState): Iterable<Flow> {
  const parties = [...[...endpoints.keys()].map((id): Party => ({ kind: "endpoint", id })), ...STRANGERS];
  for (const from of parties) {
    for (const to of parties) for (const traffic of TRAFFIC) yield { from, to, ...traffic };
  }
}

function verdicts(state: ClusterState): string[] {
  const explainer = createExplainer(state);
  return [...flows(state)].map((flow) => {
    try {
      return explainer(flow).verdict;
    } catch (error) {
      if (error instanceof ExplainError && error.kind === "noCommonFamily") return error.kind;
      throw error;
    }
  });
}

function outcome(judge: () => unknown): unknown {
  try {
    return judge();
  } catch (error) {
    return String(error);
  }
}

function reversedSelector(selector: Selector): Selector {
  if (selector.kind === "and") return { ...selector, operands: selector.operands.toReversed() };
  return selector.kind === "in" ? { ...selector, values: selector.values.toReversed() } : selector;
}

function reversedPeer(peer: Peer): Peer {
  if (peer.kind === "block")
    return { ...peer, nets: peer.nets.toReversed(), notNets: peer.notNets.toReversed() };
  const selector: EndpointSelector = {
    ...peer.selector,
    endpoints: reversedSelector(peer.selector.endpoints),
  };
  return { ...peer, selector };
}

function reversedRule(rule: Rule): Rule {
  return {
    ...rule,
    peers: rule.peers === "everyone" ? rule.peers : rule.peers.map(reversedPeer).toReversed(),
    ports: rule.ports === "everything" ? rule.ports : rule.ports.toReversed(),
  };
}

function reversedPolicy(policy: Policy): Policy {
  return {
    ...policy,
    directions: policy.directions.toReversed(),
    ingress: policy.ingress.map(reversedRule).toReversed(),
    egress: policy.egress.map(reversedRule).toReversed(),
  };
}

test("the merged ruleset and the policies asked one by one agree on every flow", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(arbitraryState, (state) => {
      for (const verdict of verdicts(state)) seen.add(verdict);
    }),
    parameters,
  );
  expect([...seen].toSorted()).toEqual(["allowed", "denied", "noCommonFamily"]);
});

test("the order of policies, rules, peers, ports and values changes no verdict", () => {
  fc.assert(
    fc.property(arbitraryState, (state) => {
      const policies = [...state.policies]
        .toReversed()
        .map(([id, policy]) => [id, reversedPolicy(policy)] as const);
      expect(verdicts({ ...state, policies: new Map(policies) })).toEqual(verdicts(state));
    }),
    parameters,
  );
});

test("renaming policies changes no verdict", () => {
  fc.assert(
    fc.property(arbitraryState, (state) => {
      const ids = [...state.policies.keys()];
      const values = [...state.policies.values()];
      const policies = ids.map((id, at) => [id, { ...values[ids.length - 1 - at]!, id }] as const);
      expect(verdicts({ ...state, policies: new Map(policies) })).toEqual(verdicts(state));
    }),
    parameters,
  );
});

test("giving a policy rules closes nothing that was allowed without them", () => {
  fc.assert(
    fc.property(arbitraryState, (state) => {
      const [last, ...others] = [...state.policies].toReversed();
      if (last === undefined) return;
      const [id, policy] = last;
      const without = {
        ...state,
        policies: new Map([...others, [id, { ...policy, ingress: [], egress: [] }]]),
      };
      const wider = verdicts({ ...state, policies: new Map([...others, last]) });
      for (const [at, verdict] of verdicts(without).entries()) {
        if (verdict === "allowed") expect(wider[at]).toBe("allowed");
      }
    }),
    parameters,
  );
});

test("explain says the same as an explainer of the whole state", () => {
  fc.assert(
    fc.property(arbitraryState, fc.nat(), (state, pick) => {
      const all = [...flows(state)];
      const flow = all[pick % all.length];
      if (flow === undefined) return;
      expect(outcome(() => explain(state, flow))).toEqual(outcome(() => createExplainer(state)(flow)));
    }),
    parameters,
  );
});
