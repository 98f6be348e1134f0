import { expect, test } from "bun:test";
import type { Address } from "../../model/address.ts";
import type { Endpoint } from "../../model/endpoint.ts";
import type { Policy } from "../../model/policy.ts";
import { type Compiler, createCompiler, stateUpdates } from "../../policy/compiler.ts";
import { difference, snapshot, touchedAsDifference } from "./snapshot.ts";
import { pod, policy, thousandPods } from "./thousand-pods.ts";

function running(): Compiler {
  const compiler = createCompiler();
  compiler.apply(stateUpdates(thousandPods()));
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
