import { expect, test } from "bun:test";
import { parseAt } from "../../objects/schema.ts";
import { networkPolicy, type NetworkPolicy } from "./kubernetes-policy.ts";
import { toNetworkPolicy } from "./network-policy.ts";
import { toV1Policy } from "./v1-policy.ts";

function policy(spec: object | undefined, metadata: object = {}): NetworkPolicy {
  const object = { metadata: { name: "web", namespace: "shop", ...metadata }, spec };
  const read = parseAt(networkPolicy, object, { path: "", consequence: "" });
  if (!read.ok) throw new Error(JSON.stringify(read.defects));
  return read.value;
}

test("metadata and the defaults of a policy that says nothing", () => {
  const uid = "30316465-6365-4463-ad63-3564622d3638";
  const metadata = { uid, resourceVersion: "7", creationTimestamp: "2024-01-31T12:00:00Z" };
  expect<object>(toNetworkPolicy(policy(undefined, metadata))).toEqual({
    kind: "NetworkPolicy",
    apiVersion: "projectcalico.org/v3",
    metadata: {
      name: "knp.default.web",
      namespace: "shop",
      uid: "0c8c26a6-c6a6-44c6-adc6-ac2646b46c1c",
      resourceVersion: "7",
      creationTimestamp: "2024-01-31T12:00:00Z",
    },
    spec: {
      tier: "default",
      order: 1000,
      selector: "projectcalico.org/orchestrator == 'k8s'",
      types: ["Ingress"],
    },
  });
  expect<object>(toV1Policy(policy(undefined))).toEqual({
    kind: "policy",
    apiVersion: "v1",
    metadata: { name: "np.projectcalico.org/shop.web" },
    spec: { order: 1000, selector: "calico/k8s_ns == 'shop'", types: ["ingress"] },
  });
});

const REQUIREMENTS = {
  matchLabels: { tier: "front", app: "web" },
  matchExpressions: [
    { key: "env", operator: "In", values: ["prod", "test"] },
    { key: "env", operator: "NotIn", values: ["dev"] },
    { key: "a", operator: "Exists" },
    { key: "b", operator: "DoesNotExist" },
  ],
};
const TERMS =
  "app == 'web' && tier == 'front' && env in { 'prod', 'test' } && env not in { 'dev' } && has(a) && ! has(b)";

test("labels are sorted by key, expressions keep their order", () => {
  const given = policy({ podSelector: REQUIREMENTS });
  expect(toNetworkPolicy(given).spec.selector).toBe(`projectcalico.org/orchestrator == 'k8s' && ${TERMS}`);
  expect(toV1Policy(given).spec.selector).toBe(`calico/k8s_ns == 'shop' && ${TERMS}`);
});

const PODS = "projectcalico.org/orchestrator == 'k8s'";
const KIND = { matchLabels: { kind: "x" } };

test.each([
  [
    "pods of the own namespace",
    { podSelector: KIND },
    { selector: `${PODS} && kind == 'x'` },
    { selector: "calico/k8s_ns == 'shop' && kind == 'x'" },
  ],
  [
    "some namespaces",
    { namespaceSelector: KIND },
    { selector: PODS, namespaceSelector: "kind == 'x'" },
    { selector: "k8s_ns/label/kind == 'x'" },
  ],
  [
    "all namespaces",
    { namespaceSelector: {} },
    { selector: PODS, namespaceSelector: "all()" },
    { selector: "has(calico/k8s_ns)" },
  ],
  [
    "pods of some namespaces",
    { podSelector: { matchExpressions: [{ key: "a", operator: "Exists" }] }, namespaceSelector: KIND },
    { selector: `${PODS} && has(a)`, namespaceSelector: "kind == 'x'" },
    { selector: "k8s_ns/label/kind == 'x' && has(a)" },
  ],
  [
    "a block",
    { ipBlock: { cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] } },
    { nets: ["10.0.0.0/8"], notNets: ["10.1.0.0/16"] },
    { nets: ["10.0.0.0/8"], notNets: ["10.1.0.0/16"] },
  ],
  ["a block of IPv6", { ipBlock: { cidr: "fd00::/8" } }, { nets: ["fd00::/8"] }, { nets: ["fd00::/8"] }],
])("a peer that is %s", (_, peer, v3, v1) => {
  const given = policy({
    policyTypes: ["Egress", "Ingress"],
    ingress: [{ from: [peer] }],
    egress: [{ to: [peer] }],
  });
  expect<object>(toNetworkPolicy(given).spec).toMatchObject({
    types: ["Ingress", "Egress"],
    ingress: [{ action: "Allow", source: v3, destination: {} }],
    egress: [{ action: "Allow", source: {}, destination: v3 }],
  });
  expect<object>(toV1Policy(given).spec).toMatchObject({
    types: ["ingress", "egress"],
    ingress: [{ action: "allow", source: v1, destination: {} }],
    egress: [{ action: "allow", source: {}, destination: v1 }],
  });
});

test("one rule for each protocol and peer, protocols in alphabetical order", () => {
  const given = policy({
    ingress: [
      {
        from: [{ podSelector: {} }, { ipBlock: { cidr: "10.0.0.0/8" } }],
        ports: [{ port: 53, protocol: "UDP" }, { port: 80 }],
      },
    ],
  });
  const rules = toNetworkPolicy(given).spec.ingress ?? [];
  expect(
    rules.map(({ protocol, source, destination }) => [protocol, source.nets, destination.ports]),
  ).toEqual([
    ["TCP", undefined, [80]],
    ["TCP", ["10.0.0.0/8"], [80]],
    ["UDP", undefined, [53]],
    ["UDP", ["10.0.0.0/8"], [53]],
  ]);
  expect(toV1Policy(given).spec.ingress?.map(({ protocol }) => protocol)).toEqual([
    "tcp",
    "tcp",
    "udp",
    "udp",
  ]);
});

test("an empty rule allows everyone everything", () => {
  const given = policy({ policyTypes: ["Egress"], ingress: [], egress: [{}] });
  expect<object>(toNetworkPolicy(given).spec).toMatchObject({
    types: ["Egress"],
    egress: [{ action: "Allow", source: {}, destination: {} }],
  });
  expect(toNetworkPolicy(given).spec.ingress).toBeUndefined();
});

test("a field that nobody knows is refused, not left out", () => {
  const object = { metadata: { name: "web" }, spec: { ingress: [{ from: [{ service: "x" }] }] } };
  expect(parseAt(networkPolicy, object, { path: "", consequence: "" })).toMatchObject({
    ok: false,
    defects: [
      {
        path: "spec.ingress[0].from[0].service",
        message: "unknown field, known are podSelector, namespaceSelector, ipBlock",
      },
    ],
  });
});
