import type { Decision } from "./decision.ts";
import {
  LAB_OUTSIDE,
  flow,
  inNamespaces,
  ingressPolicy,
  labWorld,
  makeNamespace,
  makePod,
  pods,
} from "./lab.ts";
import type { LabelSelector, PolicyPeer } from "./objects.ts";

// What the documentation and the API's comments say of peers and label selectors.

const toA = (what = "TCP 80", from = "y/b") => flow(from, "x/a", what);

/** Who reaches x/a when its one rule names this peer. */
function peer(
  name: string,
  from: readonly PolicyPeer[] | null,
  allowed: readonly string[],
  denied: readonly string[],
): Decision {
  return {
    name: `peers: ${name}`,
    world: labWorld([ingressPolicy("x/p", pods("a"), { from })]),
    allowed: allowed.map((source) => toA("TCP 80", source)),
    denied: denied.map((source) => toA("TCP 80", source)),
  };
}

const peers: readonly Decision[] = [
  peer("an empty list is everyone", [], ["x/b", "y/b", LAB_OUTSIDE[4]], []),
  peer("an absent list is everyone", null, ["x/b", "y/b", LAB_OUTSIDE[4]], []),
  {
    name: "peers: no rule is nobody",
    world: labWorld([ingressPolicy("x/p", pods("a"))]),
    allowed: [],
    denied: [toA(), toA("TCP 80", "x/b"), toA("TCP 80", LAB_OUTSIDE[4])],
  },
  peer(
    "podSelector means the policy's own namespace",
    [{ podSelector: pods("b") }],
    ["x/b"],
    ["y/b", "x/c", LAB_OUTSIDE[4]],
  ),
  peer(
    "an empty podSelector is every pod of the namespace",
    [{ podSelector: {} }],
    ["x/b", "x/c"],
    ["y/b", LAB_OUTSIDE[4]],
  ),
  peer(
    "namespaceSelector alone is every pod of those namespaces",
    [{ namespaceSelector: { matchLabels: { ns: "y" } } }],
    ["y/a", "y/b"],
    ["x/b", "z/a"],
  ),
  peer(
    "an empty namespaceSelector is every pod and nothing outside",
    [{ namespaceSelector: {} }],
    ["x/b", "y/a", "z/c"],
    [LAB_OUTSIDE[4]],
  ),
  peer(
    "both selectors in one peer must hold",
    [{ namespaceSelector: inNamespaces("y"), podSelector: pods("b") }],
    ["y/b"],
    ["y/a", "x/b", "z/b"],
  ),
  peer(
    "two peers, either of which may hold",
    [{ namespaceSelector: inNamespaces("y") }, { podSelector: pods("b") }],
    ["y/a", "y/b", "x/b"],
    ["z/b", "x/c"],
  ),
  peer(
    "ipBlock with exceptions",
    [{ ipBlock: { cidr: "10.77.0.0/16", except: ["10.77.2.0/24", "10.77.3.1/32"] } }],
    ["x/b", "z/b"],
    ["y/b", "z/a", LAB_OUTSIDE[4]],
  ),
  peer(
    "what one block excepts another may allow",
    [{ ipBlock: { cidr: "10.77.0.0/16", except: ["10.77.2.0/24"] } }, { ipBlock: { cidr: "10.77.2.2/32" } }],
    ["y/b", "z/a"],
    ["y/a"],
  ),
  peer(
    "an IPv4 block holds no IPv6 address",
    [{ ipBlock: { cidr: "0.0.0.0/0" } }],
    ["y/b", LAB_OUTSIDE[4]],
    [LAB_OUTSIDE[6]],
  ),
  peer(
    "an IPv6 block holds no IPv4 address",
    [{ ipBlock: { cidr: "::/0" } }],
    [LAB_OUTSIDE[6]],
    ["y/b", LAB_OUTSIDE[4]],
  ),
];

/** Which of the pods `x/b` (pod=b, tier=front) and `x/c` (pod=c, no tier) the selector takes in. */
function operator(name: string, podSelector: LabelSelector, b: boolean, c: boolean): Decision {
  const flows = [
    { passes: b, source: "x/b" },
    { passes: c, source: "x/c" },
  ];
  return {
    name: `selectors: ${name}`,
    world: labWorld([ingressPolicy("x/p", pods("a"), { from: [{ podSelector }] })], {
      pods: [makePod("x/b", { metadata: { labels: { pod: "b", tier: "front" } } })],
    }),
    allowed: flows.filter(({ passes }) => passes).map(({ source }) => toA("TCP 80", source)),
    denied: flows.filter(({ passes }) => !passes).map(({ source }) => toA("TCP 80", source)),
  };
}

const tier = (name: string, ...values: string[]): LabelSelector => ({
  matchExpressions: [{ key: "tier", operator: name, values }],
});

const selectors: readonly Decision[] = [
  operator("In needs the label", tier("In", "front", "back"), true, false),
  operator("In needs one of the values", tier("In", "back"), false, false),
  operator("NotIn holds where the label is missing", tier("NotIn", "front"), false, true),
  operator("NotIn holds for another value", tier("NotIn", "back"), true, true),
  operator("Exists", tier("Exists"), true, false),
  operator("DoesNotExist", tier("DoesNotExist"), false, true),
  operator(
    "matchLabels and matchExpressions must both hold",
    { matchLabels: { pod: "c" }, ...tier("Exists") },
    false,
    false,
  ),
  operator(
    "several expressions must all hold",
    {
      matchExpressions: [
        { key: "tier", operator: "Exists" },
        { key: "pod", operator: "In", values: ["b"] },
      ],
    },
    true,
    false,
  ),
  {
    name: "selectors: a namespace without an object still has its name",
    world: labWorld(
      [ingressPolicy("x/p", pods("a"), { from: [{ namespaceSelector: inNamespaces("bare") }] })],
      {
        pods: [makePod("bare/a", { status: { podIPs: [{ ip: "10.77.8.1" }] } })],
      },
    ),
    allowed: [toA("TCP 80", "bare/a")],
    denied: [toA()],
  },
  {
    name: "selectors: nobody chooses the name label of a namespace",
    world: labWorld([ingressPolicy("x/p", pods("a"), { from: [{ namespaceSelector: inNamespaces("y") }] })], {
      namespaces: [makeNamespace("z", { "kubernetes.io/metadata.name": "y" })],
    }),
    allowed: [toA("TCP 80", "y/a")],
    denied: [toA("TCP 80", "z/a")],
  },
];

/** What the documentation demands of peers and selectors. */
export const peerDecisions: readonly Decision[] = [...peers, ...selectors];
