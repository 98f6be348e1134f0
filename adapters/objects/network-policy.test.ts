import { expect, test } from "bun:test";
import { problemText } from "../../model/problem.ts";
import type { Policy } from "../../model/policy.ts";
import { readObject } from "./read-object.ts";

const WHERE = "a.yaml, document 1 (NetworkPolicy x/web)";

function read(
  spec: unknown,
  metadata: unknown = { name: "web", namespace: "x" },
): { policy: Policy; problems: string[] } {
  const object = { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata, spec };
  const found = readObject(object, "a.yaml, document 1");
  if (found.kind !== "policy") throw new Error(`read as ${found.kind}`);
  return { policy: found.value, problems: found.problems.map(problemText) };
}

function sound(spec: unknown): Policy {
  const { policy, problems } = read(spec);
  expect(problems).toEqual([]);
  return policy;
}

const everyone = { namespaces: { kind: "named", name: "x" }, endpoints: { kind: "all" } } as const;

test("a whole policy", () => {
  expect(
    sound({
      podSelector: { matchLabels: { app: "web" } },
      policyTypes: ["Egress", "Ingress"],
      ingress: [
        {
          from: [
            { podSelector: { matchLabels: { constructor: "c", role: "front" } } },
            { namespaceSelector: {} },
            {
              namespaceSelector: {
                matchExpressions: [{ key: "team", operator: "In", values: ["red", "blue"] }],
              },
              podSelector: { matchExpressions: [{ key: "old", operator: "DoesNotExist" }] },
            },
            { ipBlock: { cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] } },
          ],
          ports: [{ port: 80, endPort: 90 }, { port: "http-alt", protocol: "UDP" }, { protocol: "SCTP" }, {}],
        },
      ],
      egress: [{ to: [], ports: [{ port: 53, protocol: "UDP" }] }, {}],
    }),
  ).toEqual({
    id: "NetworkPolicy/x/web" as Policy["id"],
    title: "x/web",
    tier: "default",
    order: 1000,
    subjects: { ...everyone, endpoints: { kind: "in", key: "app", values: ["web"] } },
    directions: ["ingress", "egress"],
    ingress: [
      {
        action: "allow",
        source: "ingress[0]",
        peers: [
          {
            kind: "endpoints",
            selector: {
              ...everyone,
              endpoints: {
                kind: "and",
                operands: [
                  { kind: "in", key: "constructor", values: ["c"] },
                  { kind: "in", key: "role", values: ["front"] },
                ],
              },
            },
          },
          {
            kind: "endpoints",
            selector: {
              namespaces: { kind: "labelled", selector: { kind: "all" } },
              endpoints: { kind: "all" },
            },
          },
          {
            kind: "endpoints",
            selector: {
              namespaces: {
                kind: "labelled",
                selector: { kind: "in", key: "team", values: ["red", "blue"] },
              },
              endpoints: { kind: "not", operand: { kind: "has", key: "old" } },
            },
          },
          { kind: "block", nets: ["10.0.0.0/8"], notNets: ["10.1.0.0/16"] } as never,
        ],
        ports: [
          { kind: "range", protocol: 6, first: 80, last: 90 },
          { kind: "named", protocol: 17, name: "http-alt" },
          { kind: "range", protocol: 132, first: 0, last: 65535 },
          { kind: "range", protocol: 6, first: 0, last: 65535 },
        ],
      },
    ],
    egress: [
      {
        action: "allow",
        source: "egress[0]",
        peers: "everyone",
        ports: [{ kind: "range", protocol: 17, first: 53, last: 53 }],
      },
      { action: "allow", source: "egress[1]", peers: "everyone", ports: "everything" },
    ],
  });
});

test.each([
  ["nothing said", {}, ["ingress"]],
  ["an empty list", { policyTypes: [] }, ["ingress"]],
  ["null", { policyTypes: null, egress: null }, ["ingress"]],
  ["egress rules", { egress: [{}] }, ["ingress", "egress"]],
  ["an empty list of egress rules", { egress: [] }, ["ingress"]],
  ["Egress alone", { policyTypes: ["Egress"], ingress: [{}] }, ["egress"]],
])("policyTypes: %s", (_, spec, directions) => {
  const policy = sound(spec);
  expect<readonly string[]>(policy.directions).toEqual(directions);
  if (!directions.includes("ingress")) expect(policy.ingress).toEqual([]);
});

test("null is absent everywhere", () => {
  const rule = { from: null, ports: null };
  const spec = { podSelector: null, policyTypes: null, ingress: [rule], egress: null };
  expect(sound(spec)).toEqual(sound({ ingress: [{}] }));
  const peer = {
    podSelector: { matchLabels: null, matchExpressions: null },
    namespaceSelector: null,
    ipBlock: null,
  };
  const port = { port: null, endPort: null, protocol: null };
  expect(sound({ ingress: [{ from: [peer], ports: [port] }] })).toEqual(
    sound({ ingress: [{ from: [{ podSelector: {} }], ports: [{ protocol: "TCP" }] }] }),
  );
});

test("blocks that servers stored long ago are read as upstream reads them: host bits cleared, zeros decimal", () => {
  const { ingress } = sound({
    ingress: [{ from: [{ ipBlock: { cidr: "010.011.1.1/8", except: ["10.20.30.40/16"] } }] }],
  });
  expect(ingress[0]?.peers).toEqual([
    { kind: "block", nets: ["10.0.0.0/8"], notNets: ["10.20.0.0/16"] },
  ] as never);
});

test.each([undefined, null, {}])("a spec that is %j isolates the ingress of the namespace", (spec) => {
  expect(sound(spec)).toMatchObject({
    id: "NetworkPolicy/x/web",
    subjects: everyone,
    directions: ["ingress"],
    ingress: [],
    egress: [],
  });
});

test("a policy object without the key spec is one with an empty spec", () => {
  const object = { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name: "web" } };
  expect(readObject(object, "a.yaml")).toMatchObject({
    value: { directions: ["ingress"], ingress: [], egress: [] },
    problems: [],
  });
});

const CLOSED = { subjects: everyone, directions: ["ingress", "egress"], ingress: [], egress: [] };

test.each([
  [[], "spec: expected an object (found [])"],
  ["x", 'spec: expected an object (found "x")'],
])("a spec that is %j closes the namespace", (spec, message) => {
  const { policy, problems } = read(spec);
  const consequence = "this policy isolates all pods of its namespace in both directions and allows nothing";
  expect(problems).toEqual([`${WHERE}, ${message}; ${consequence}`]);
  expect(policy).toMatchObject(CLOSED);
});

test.each([
  [
    { name: "web", namespace: "X_y" },
    'namespace: expected a DNS label: at most 63 lower-case letters, digits and - (found "X_y")',
    "X_y",
  ],
  [
    { name: "a/b", namespace: "x" },
    'name: expected a DNS name: at most 253 lower-case letters, digits, - and . (found "a/b")',
    "x",
  ],
  [{ namespace: "x" }, "name: is required", "x"],
  [
    { name: 7 },
    "name: expected a DNS name: at most 253 lower-case letters, digits, - and . (found 7)",
    "default",
  ],
])(
  "metadata %j closes the namespace under an id that no readable policy has",
  (metadata, message, namespace) => {
    const { policy, problems } = read({ ingress: [{}] }, metadata);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`metadata.${message}`);
    expect(policy).toMatchObject({
      ...CLOSED,
      subjects: { namespaces: { kind: "named", name: namespace } },
    });
    expect(policy.id).toContain(`NetworkPolicy/${namespace}/(unreadable `);
  },
);

test.each([
  [
    "policyTypes",
    { policyTypes: ["ingress"] },
    'spec.policyTypes[0]: expected Ingress or Egress (found "ingress")',
  ],
  ["policyTypes", { policyTypes: "Ingress" }, 'spec.policyTypes: expected a list (found "Ingress")'],
  [
    "policyTypes",
    { policyTypes: ["Ingress", "Ingress", "Ingress"] },
    'spec.policyTypes: expected at most two policy types (found ["Ingress","Ingress","Ingress"])',
  ],
  [
    "a field that nobody knows",
    { policyTypes: ["Ingress"], policytype: 1 },
    "spec.policytype: unknown field, known are podSelector, policyTypes, ingress, egress (found 1)",
  ],
])("%s that cannot be read: both directions are isolated, readable rules are kept", (_, spec, message) => {
  const { policy, problems } = read({ ...spec, ingress: [{}], egress: [{}] });
  expect(problems).toEqual([`${WHERE}, ${message}; this policy isolates both directions`]);
  expect(policy).toMatchObject({
    directions: ["ingress", "egress"],
    ingress: [{ source: "ingress[0]" }],
    egress: [{ source: "egress[0]" }],
  });
});

test("hostile keys are unknown fields, not inherited ones", () => {
  const spec: unknown = JSON.parse('{"__proto__": {"ingress": [{}]}, "constructor": 1, "toString": 2}');
  const { policy, problems } = read(spec);
  expect(problems.map((text) => /spec\.(\w+): unknown field/.exec(text)?.[1])).toEqual([
    "__proto__",
    "constructor",
    "toString",
  ]);
  expect(policy).toMatchObject({ directions: ["ingress", "egress"], ingress: [] });
});

test("rules that are no list allow nothing and isolate their direction", () => {
  const { policy, problems } = read({ egress: { to: [] } });
  expect(problems).toEqual([
    `${WHERE}, spec.egress: expected a list (found {"to":[]}); this policy isolates egress and allows none`,
  ]);
  expect(policy).toMatchObject({ directions: ["ingress", "egress"], egress: [] });
});
