import { expect, test } from "bun:test";
import type { Address } from "../../model/address.ts";
import { type Endpoint, endpointId, type Namespace } from "../../model/endpoint.ts";
import { type Policy, policyId } from "../../model/policy.ts";
import { TCP } from "../../model/protocol.ts";
import type { Selector } from "../../model/selector.ts";
import { type ClusterState, emptyClusterState } from "../../model/update.ts";
import { type Compiler, createCompiler, stateUpdates } from "../../policy/compiler.ts";
import { difference, snapshot, touchedAsDifference } from "./snapshot.ts";

const NAMESPACES = 10;
const APPS = 20;

function pod(number: number, changes: Partial<Endpoint> = {}): Endpoint {
  const namespace = `n${number % NAMESPACES}`;
  const name = `p${number}`;
  return {
    id: endpointId(namespace, name),
    namespace,
    name,
    uid: name,
    labels: { app: `a${number % APPS}`, track: "stable" },
    addresses: [`10.0.${number >> 8}.${number & 255}` as Address],
    ports: [{ name: "web", protocol: TCP, port: 8080 }],
    attachment: number < 100 ? { kind: "address" } : undefined,
    finished: false,
    deleting: false,
    startedAt: number,
    ...changes,
  };
}

function is(key: string, value: string): Selector {
  return { kind: "in", key, values: [value] };
}

/** Ten in each namespace: each lets two kinds of pods in at a port of its own, and all out to ports named `web`. */
function policy(number: number): Policy {
  const namespace = `n${number % NAMESPACES}`;
  const everywhere = { kind: "labelled", selector: is("team", `t${number % 2}`) } as const;
  return {
    id: policyId("NetworkPolicy", namespace, `policy-${number}`),
    title: `${namespace}/policy-${number}`,
    tier: "default",
    order: 1000,
    subjects: { namespaces: { kind: "named", name: namespace }, endpoints: { kind: "all" } },
    directions: ["ingress", "egress"],
    ingress: [
      {
        action: "allow",
        peers: [
          {
            kind: "endpoints",
            selector: { namespaces: { kind: "named", name: namespace }, endpoints: is("track", "canary") },
          },
          {
            kind: "endpoints",
            selector: { namespaces: everywhere, endpoints: is("app", `a${number % APPS}`) },
          },
        ],
        ports: [{ kind: "range", protocol: TCP, first: 1000 + number, last: 1000 + number }],
        source: "ingress[0]",
      },
    ],
    egress: [
      {
        action: "allow",
        peers: [
          {
            kind: "endpoints",
            selector: { namespaces: { kind: "named", name: namespace }, endpoints: is("track", "stable") },
          },
        ],
        ports: [{ kind: "named", protocol: TCP, name: "web" }],
        source: "egress[0]",
      },
    ],
  };
}

function namespaceAt(number: number): Namespace {
  return { name: `n${number}`, labels: { team: `t${number % 2}` } };
}

function world(): ClusterState {
  const state = emptyClusterState();
  for (let n = 0; n < NAMESPACES; n++) state.namespaces.set(`n${n}`, namespaceAt(n));
  for (let n = 0; n < 1000; n++) state.endpoints.set(pod(n).id, pod(n));
  for (let n = 0; n < 100; n++) state.policies.set(policy(n).id, policy(n));
  return state;
}

function running(): Compiler {
  const compiler = createCompiler();
  compiler.apply(stateUpdates(world()));
  compiler.takeTouched();
  return compiler;
}

function change(compiler: Compiler, endpoint: Endpoint): ReturnType<typeof touchedAsDifference> {
  const before = snapshot(compiler.ruleset);
  compiler.apply([{ kind: "endpoint", id: endpoint.id, value: endpoint }]);
  const touched = touchedAsDifference(compiler.takeTouched());
  expect(touched).toEqual(difference(before, snapshot(compiler.ruleset)));
  return touched;
}

/** The ids of the sets with that in their title. */
function setsTitled(compiler: Compiler, part: string): string[] {
  const { addressSets, serviceSets } = compiler.ruleset;
  return [...addressSets.values(), ...serviceSets.values()]
    .filter(({ title }) => title.includes(part))
    .map(({ id }) => id);
}

function each<Value>(ids: readonly string[], value: Value): Record<string, Value> {
  return Object.fromEntries(ids.map((id) => [id, value]));
}

const REMOTE = 505;
const ADDRESS = "10.0.1.249";

test("a label that no policy asks for touches nothing", () => {
  const compiler = running();
  const labels = { ...pod(REMOTE).labels, version: "2" };
  expect(change(compiler, pod(REMOTE, { labels }))).toEqual({
    addressSets: {},
    serviceSets: {},
    programs: [],
    endpoints: [],
  });
});

test("a label change of one pod touches that pod's elements in the sets that it enters and leaves, nothing else", () => {
  const compiler = running();
  const labels = { app: "a5", track: "canary" };
  const touched = change(compiler, pod(REMOTE, { labels }));
  // Two sets ask for canaries of n5. The one that asks for app a5 too holds the pod already: it gains nothing.
  expect(touched).toEqual({
    addressSets: each(
      setsTitled(compiler, "namespaces (team == 't1'): app == 'a15' or namespace 'n5': track == 'canary'"),
      [ADDRESS],
    ),
    serviceSets: each(setsTitled(compiler, "namespace 'n5': track == 'stable'"), [`${ADDRESS} 6 8080`]),
    programs: [],
    endpoints: [],
  });
  expect(Object.keys(touched.addressSets).length).toBe(1);
  expect(Object.keys(touched.serviceSets).length).toBe(1);
});

test("a new address of a pod touches both addresses in its sets", () => {
  const compiler = running();
  const touched = change(compiler, pod(REMOTE, { addresses: ["10.9.9.9" as Address] }));
  const sets = setsTitled(compiler, "namespaces (team == 't1'): app == 'a5'");
  expect(sets.length).toBe(1);
  expect(touched.addressSets).toEqual(each(sets, [ADDRESS, "10.9.9.9"]));
  expect(touched.endpoints).toEqual([]);
});

test("a policy event touches the program of the endpoints that it selects", () => {
  const compiler = running();
  const { title, ingress, ...rest } = policy(3);
  const value: Policy = {
    ...rest,
    title,
    ingress: [...ingress, { ...ingress[0]!, peers: "everyone", ports: [] }],
  };
  compiler.apply([{ kind: "policy", id: value.id, value }]);
  expect(touchedAsDifference(compiler.takeTouched())).toEqual({
    addressSets: {},
    serviceSets: {},
    programs: [],
    endpoints: [],
  });
  compiler.apply([
    { kind: "policy", id: value.id, value: { ...value, ingress: [{ ...ingress[0]!, peers: "everyone" }] } },
  ]);
  const touched = touchedAsDifference(compiler.takeTouched());
  expect(touched.endpoints).toEqual([]);
  expect(touched.programs).toEqual([compiler.ruleset.endpoints.get(pod(3).id)?.ingress ?? ""]);
});
