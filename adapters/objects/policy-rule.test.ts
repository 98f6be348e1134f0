import { expect, test } from "bun:test";
import { problemText } from "../../model/problem.ts";
import { readObject } from "./read-object.ts";

const LABEL_KEY =
  "expected a label key: an optional DNS prefix and a slash, then at most 63 letters, digits, -, _ and .";
const LABEL_VALUE =
  "expected a label value: at most 63 letters, digits, -, _ and ., beginning and ending with a letter or digit";
const PORT =
  "expected a port number from 1 to 65535 or a port name (at most 15 lower-case letters, digits and -, at least one letter)";

function read(spec: unknown): { value: unknown; problems: string[] } {
  const metadata = { name: "web", namespace: "x" };
  const found = readObject(
    { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata, spec },
    "f",
  );
  return {
    value: found.kind === "policy" ? found.value : undefined,
    problems: found.problems.map(problemText),
  };
}

/** What is wrong with a peer or port, and the message after its path. */
const badPeers: readonly (readonly [unknown, string])[] = [
  [{}, ": expected podSelector, namespaceSelector, both, or ipBlock (found {})"],
  [null, ": expected an object (found null)"],
  [[], ": expected an object (found [])"],
  [
    { ipBlock: { cidr: "10.0.0.0/8" }, podSelector: {} },
    ': ipBlock cannot stand beside podSelector or namespaceSelector (found {"ipBlock":{"cidr":"10.0.0.0/8"},"podSelector":{}})',
  ],
  [
    { serviceSelector: {} },
    ".serviceSelector: unknown field, known are podSelector, namespaceSelector, ipBlock (found {})",
  ],
  [{ podSelector: [] }, ".podSelector: expected an object (found [])"],
  [
    { podSelector: { matchLabel: { a: "b" } } },
    '.podSelector.matchLabel: unknown field, known are matchLabels, matchExpressions (found {"a":"b"})',
  ],
  [{ podSelector: { matchLabels: ["a"] } }, '.podSelector.matchLabels: expected an object (found ["a"])'],
  [
    { podSelector: { matchLabels: { version: 1 } } },
    ".podSelector.matchLabels.version: expected text (found 1)",
  ],
  [
    { namespaceSelector: { matchExpressions: {} } },
    ".namespaceSelector.matchExpressions: expected a list (found {})",
  ],
  [
    { podSelector: { matchExpressions: [{ key: "a", operator: "in", values: ["b"] }] } },
    '.podSelector.matchExpressions[0].operator: unknown operator, expected In, NotIn, Exists or DoesNotExist (found "in")',
  ],
  [
    { podSelector: { matchExpressions: [{ operator: "Exists" }] } },
    ".podSelector.matchExpressions[0].key: is required",
  ],
  [
    { podSelector: { matchExpressions: [{ key: "a", operator: "NotIn" }] } },
    ".podSelector.matchExpressions[0].values: NotIn needs at least one value",
  ],
  [
    { podSelector: { matchExpressions: [{ key: "a", operator: "DoesNotExist", values: ["b"] }] } },
    '.podSelector.matchExpressions[0].values: DoesNotExist takes no values (found ["b"])',
  ],
  [{ ipBlock: {} }, ".ipBlock.cidr: is required"],
  [
    { ipBlock: { cidr: "10.0.0.0/33" } },
    '.ipBlock.cidr: expected a CIDR such as 10.0.0.0/8 or fd00::/8 (found "10.0.0.0/33")',
  ],
  [
    { ipBlock: { cidr: "10.0.0.1" } },
    '.ipBlock.cidr: expected a CIDR such as 10.0.0.0/8 or fd00::/8 (found "10.0.0.1")',
  ],
  [
    { ipBlock: { cidr: "10.0.0.0/8", excepts: [] } },
    ".ipBlock.excepts: unknown field, known are cidr, except (found [])",
  ],
  [
    { ipBlock: { cidr: "10.0.0.0/8", except: ["10.0.0.0/8"] } },
    '.ipBlock.except[0]: expected a block strictly inside 10.0.0.0/8 (found "10.0.0.0/8")',
  ],
  [
    { ipBlock: { cidr: "10.0.0.0/8", except: ["10.0.0.0/9", "11.0.0.0/16"] } },
    '.ipBlock.except[1]: expected a block strictly inside 10.0.0.0/8 (found "11.0.0.0/16")',
  ],
  [
    { ipBlock: { cidr: "10.0.0.0/8", except: ["fd00::/16"] } },
    '.ipBlock.except[0]: expected a block strictly inside 10.0.0.0/8 (found "fd00::/16")',
  ],
];
const badPorts: readonly (readonly [unknown, string])[] = [
  [null, ": expected an object (found null)"],
  [{ port: "80" }, `.port: ${PORT} (found "80")`],
  [{ port: 0 }, `.port: ${PORT} (found 0)`],
  [{ port: 65536 }, `.port: ${PORT} (found 65536)`],
  [{ port: 80.5 }, `.port: ${PORT} (found 80.5)`],
  [{ port: "Http" }, `.port: ${PORT} (found "Http")`],
  [{ port: "a--b" }, `.port: ${PORT} (found "a--b")`],
  [{ port: "sixteen-letters-" }, `.port: ${PORT} (found "sixteen-letters-")`],
  [{ protocol: "tcp" }, '.protocol: expected TCP, UDP or SCTP (found "tcp")'],
  [{ protocol: "ICMP" }, '.protocol: expected TCP, UDP or SCTP (found "ICMP")'],
  [{ port: 90, endPort: 80 }, ".endPort: expected a number that is not below port 90 (found 80)"],
  [{ port: "http", endPort: 80 }, ".endPort: endPort is possible beside a numeric port only (found 80)"],
  [{ endPort: 80 }, ".endPort: endPort is possible beside a numeric port only (found 80)"],
  [{ port: 80, endPort: "90" }, '.endPort: expected a port number from 1 to 65535 (found "90")'],
  [{ port: 80, endport: 90 }, ".endport: unknown field, known are protocol, port, endPort (found 90)"],
];

test.each(badPeers)("peer %j: its rule allows nothing, the other rules stay", (peer, message) => {
  const { value, problems } = read({ ingress: [{ from: [{ podSelector: {} }, peer] }, {}] });
  expect(problems).toEqual([
    `f (NetworkPolicy x/web), spec.ingress[0].from[1]${message}; this rule allows nothing`,
  ]);
  expect(value).toMatchObject({ directions: ["ingress"], ingress: [{ source: "ingress[1]" }] });
});

test.each(badPorts)("port %j: its rule allows nothing, the other rules stay", (port, message) => {
  const { value, problems } = read({
    policyTypes: ["Egress"],
    egress: [{}, { ports: [{ port: 80 }, port] }],
  });
  expect(problems).toEqual([
    `f (NetworkPolicy x/web), spec.egress[1].ports[1]${message}; this rule allows nothing`,
  ]);
  expect(value).toMatchObject({ directions: ["egress"], egress: [{ source: "egress[0]" }] });
});

test.each([
  [null, ": expected an object (found null)"],
  [{ form: [] }, ".form: unknown field, known are from, ports (found [])"],
  [{ to: [] }, ".to: unknown field, known are from, ports (found [])"],
  [{ from: {} }, ".from: expected a list (found {})"],
  [{ ports: 80 }, ".ports: expected a list (found 80)"],
])("ingress rule %j allows nothing", (rule, message) => {
  const { value, problems } = read({ ingress: [rule] });
  expect(problems).toEqual([`f (NetworkPolicy x/web), spec.ingress[0]${message}; this rule allows nothing`]);
  expect(value).toMatchObject({ directions: ["ingress"], ingress: [] });
});

test.each([
  [{ matchLabels: { app: "a b" } }, `.matchLabels.app: ${LABEL_VALUE} (found "a b")`],
  [
    { matchExpressions: [{ key: "a", operator: "NotIn", values: ["-x"] }] },
    `.matchExpressions[0].values[0]: ${LABEL_VALUE} (found "-x")`,
  ],
])("selector %j over the label grammar matches nothing, wherever it stands", (selector, message) => {
  const { value, problems } = read({
    podSelector: selector,
    ingress: [{ from: [{ podSelector: selector }, { podSelector: {} }] }],
  });
  const consequence = "this selector matches nothing";
  expect(problems.toSorted()).toEqual([
    `f (NetworkPolicy x/web), spec.ingress[0].from[0].podSelector${message}; ${consequence}`,
    `f (NetworkPolicy x/web), spec.podSelector${message}; ${consequence}`,
  ]);
  expect(value).toMatchObject({
    subjects: { endpoints: { kind: "none" } },
    ingress: [
      {
        peers: [{ selector: { endpoints: { kind: "none" } } }, { selector: { endpoints: { kind: "all" } } }],
      },
    ],
  });
});

test.each([
  [[], ": expected an object (found [])"],
  [
    { matchExpressions: [{ key: "a", operator: "Is" }] },
    '.matchExpressions[0].operator: unknown operator, expected In, NotIn, Exists or DoesNotExist (found "Is")',
  ],
  [{ matchLabels: { "a b": "c" } }, `.matchLabels["a b"]: ${LABEL_KEY} (found "a b")`],
])("podSelector %j isolates the whole namespace", (podSelector, message) => {
  const { value, problems } = read({ podSelector, ingress: [{}] });
  expect(problems).toEqual([
    `f (NetworkPolicy x/web), spec.podSelector${message}; this policy isolates all pods of its namespace`,
  ]);
  expect(value).toMatchObject({
    subjects: { endpoints: { kind: "all" } },
    ingress: [{ source: "ingress[0]" }],
  });
});
