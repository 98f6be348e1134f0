import { expect, test } from "bun:test";
import { readDocument } from "./read-document.ts";

const CLOSES_X = "it isolates all pods of namespace x in both directions and allows nothing";

function read(text: string, utf8 = true): { problems: string[]; policies: string[]; namespaces: unknown[] } {
  const { objects, problems } = readDocument(text, { utf8 });
  return {
    problems: problems.map(({ line, where, path, value, message, consequence }) =>
      [line, where, path, value, message, consequence].join(" | "),
    ),
    policies: objects.flatMap((object) => {
      if (object.kind !== "policy") return [];
      const { id, directions, ingress, egress, subjects } = object.value;
      const closed = ingress.length + egress.length === 0 && subjects.endpoints.kind === "all";
      return [`${id} ${closed ? "closes" : "allows"} ${directions.join(" ")}`];
    }),
    namespaces: objects.flatMap((object) => (object.kind === "namespace" ? [object.value] : [])),
  };
}

const policy = (rest: string): string => `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web
  namespace: x
${rest}`;

test.each<[string, string, string]>([
  [
    "a key that appears twice",
    "spec:\n  podSelector: {}\n  podSelector: {}\n",
    "8 |  |  |  | malformed YAML: Map keys must be unique",
  ],
  ["a tab", "spec:\n\tpodSelector: {}\n", "7 |  |  |  | malformed YAML: Tabs are not allowed as indentation"],
  [
    "a flow that does not end",
    "spec: {podSelector: {\n",
    "7 |  |  |  | malformed YAML: Flow map in block collection must be sufficiently indented and end with a }",
  ],
  [
    "an alias of nothing",
    "spec: *other\n",
    "1 |  |  |  | malformed YAML: Unresolved alias (the anchor must be set before the alias): other",
  ],
  [
    "a set",
    "spec: !!set {podSelector}\n",
    "6 |  |  |  | malformed YAML: Unresolved tag: tag:yaml.org,2002:set",
  ],
  ["a tag", "spec: !own {}\n", "6 |  |  |  | malformed YAML: Unresolved tag: !own"],
])("a NetworkPolicy with %s closes its namespace", (_, rest, problem) => {
  const { problems, policies } = read(policy(rest));
  expect(problems).toEqual([`${problem} | ${CLOSES_X}`]);
  expect(policies).toEqual(["NetworkPolicy/x/(unreadable web) closes ingress egress"]);
});

test("a document that can hardly be read still closes what it names", () => {
  expect(read("kind: 'NetworkPolicy\nmetadata: {namespace: a}\n# namespace: comment\n").policies).toEqual([
    expect.stringMatching(/^NetworkPolicy\/a\/\(unreadable [0-9a-f]{20}\) closes ingress egress$/),
  ]);
  expect(
    read("{kind: NetworkPolicyList, items: [{metadata: {name: p, namespace: a}}, {metadata: {namespace: b}}")
      .policies,
  ).toEqual([
    "NetworkPolicy/a/(unreadable p) closes ingress egress",
    "NetworkPolicy/b/(unreadable p) closes ingress egress",
  ]);
  expect(read("spec:\n  podSelector: {\n").policies).toEqual([
    expect.stringMatching(/^NetworkPolicy\/default\/\(unreadable [0-9a-f]{20}\) closes ingress egress$/),
  ]);
});

test("a Namespace that cannot be read is matched by no selector", () => {
  const { namespaces, problems } = read("apiVersion: v1\nkind: Namespace\nmetadata:\n  name: x\n  name: x\n");
  expect(namespaces).toEqual([
    { name: "x", labels: { "kubernetes.io/metadata.name": "x" }, unreadable: true },
  ]);
  expect(problems).toEqual([
    "5 |  |  |  | malformed YAML: Map keys must be unique | no namespaceSelector matches namespace x",
  ]);
});

test("other documents that cannot be read close nobody", () => {
  expect(read("kind: Pod\nkind: Pod\n")).toEqual({
    problems: ["2 |  |  |  | malformed YAML: Map keys must be unique | nothing in it is read"],
    policies: [],
    namespaces: [],
  });
});

test("a NetworkPolicy without a kind that can be read closes its namespace", () => {
  const { policies, problems } = read("Kind: NetworkPolicy\nmetadata: {name: web, namespace: x}\n");
  expect(policies).toEqual(["NetworkPolicy/x/(unreadable web) closes ingress egress"]);
  expect(problems).toEqual([
    `1 |  | kind |  | unknown kind, expected Namespace, Node or Pod (v1), NetworkPolicy (networking.k8s.io/v1) or a List of these | ${CLOSES_X}`,
  ]);
});

test("a list whose items are no list, and an item that is no object, close what they name", () => {
  expect(
    read("apiVersion: v1\nkind: List\nitems: {a: {kind: NetworkPolicy, metadata: {namespace: x}}}\n")
      .policies,
  ).toHaveLength(1);
  const items =
    "[{kindd: NetworkPolicy, metadata: {namespace: x, name: w}}, {apiVersion: v1, kind: Pod, metadata: {name: a}}]";
  const { policies, problems } = read(`kind: List\nitems: ${items}\n`);
  expect(policies).toEqual(["NetworkPolicy/x/(unreadable w) closes ingress egress"]);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toStartWith("2 |  | items[0].kind |");
});

test("bytes that are no UTF-8 make a document unreadable, a replacement character that somebody wrote does not", () => {
  const text = policy("spec: {} # \uFFFD\n");
  expect(read(text, false)).toMatchObject({
    problems: [`1 |  |  |  | is not UTF-8 text | ${CLOSES_X}`],
    policies: ["NetworkPolicy/x/(unreadable web) closes ingress egress"],
  });
  expect(read(text, true).problems).toEqual([]);
});

test("problems name the line of what is wrong, in lists too", () => {
  const text = `apiVersion: v1
kind: List
items:
  - apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: web, namespace: x}
    spec:
      ingress:
        - from:
            - podSelector: {}
            - ipBlock:
                cidr: 10.0.0.0/40
`;
  expect(read(text).problems).toEqual([
    '12 | NetworkPolicy x/web | items[0].spec.ingress[0].from[1].ipBlock.cidr | "10.0.0.0/40" | expected a CIDR such as 10.0.0.0/8 or fd00::/8 | this rule allows nothing',
  ]);
});

test("YAML is 1.2 whatever it says: yes and on are text, 010 is ten; merges are kubectl's", () => {
  const { objects, problems } = readDocument(
    `%YAML 1.1\n---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  labels: &l {on: yes}\n---x: 1\n`.replace(
      "---x: 1\n",
      "spec:\n  containers: [{ports: [{name: http, containerPort: 010}]}]\n",
    ),
    {},
  );
  expect(problems).toEqual([]);
  expect(objects).toMatchObject([{ value: { labels: { on: "yes" }, ports: [{ port: 10 }] } }]);
  const merged = readDocument(
    "apiVersion: v1\nkind: Pod\nx: &base {app: web}\nmetadata: {name: a, labels: {<<: *base, v: '1'}}\n",
    {},
  );
  expect(merged.objects).toMatchObject([{ value: { labels: { app: "web", v: "1" } } }]);
});

test("hostile documents stay inside: prototypes, bombs and depth", () => {
  const polluted = readDocument(
    '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "labels": {"__proto__": {"x": "y"}}}}',
    {},
  );
  expect(polluted.objects).toMatchObject([{ kind: "unreadable" }]);
  expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
  const bomb = Array.from(
    { length: 12 },
    (_, i) =>
      `k${i}: &a${i} [${Array(9)
        .fill(i === 0 ? "lol" : `*a${i - 1}`)
        .join(", ")}]`,
  ).join("\n");
  expect(read(policy(bomb)).problems).toEqual([
    `1 |  |  |  | malformed YAML: Excessive alias count indicates a resource exhaustion attack | ${CLOSES_X}`,
  ]);
  const deep = read(policy(`spec: ${"[".repeat(20_000)}`));
  expect(deep.problems).toHaveLength(1);
  expect(deep.policies).toEqual(["NetworkPolicy/x/(unreadable web) closes ingress egress"]);
});

test("an empty document is nothing", () => {
  expect(readDocument("---\n# nothing\n", {})).toEqual({ objects: [], problems: [] });
});
