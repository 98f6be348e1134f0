import type { Decision } from "./decision.ts";
import { LAB_NODE, LAB_OUTSIDE, egressPolicy, flow, inNamespaces, ingressPolicy, labAddress } from "./lab.ts";
import { labWorld, makePod, makePolicy, pods } from "./lab.ts";
import type { PolicySpec } from "./lab.ts";
import type { IngressRule, LabelSelector } from "./objects.ts";

// How odd, legacy and unreadable objects are read.

const toA = (what = "TCP 80", from = "y/b") => flow(from, "x/a", what);
const fromA = (what = "TCP 80", to = "y/b") => flow("x/a", to, what);
const nodeOfHost = { ip: LAB_NODE[4] };
const hostPod = makePod("x/host", {
  metadata: { labels: { pod: "host" } },
  spec: { hostNetwork: true },
  status: { podIPs: [nodeOfHost] },
});
const farHostPod = makePod("x/far-host", {
  metadata: { labels: { pod: "host" } },
  spec: { hostNetwork: true, nodeName: "far" },
  status: { podIPs: [{ ip: "10.77.0.2" }] },
});

const blocks: readonly Decision[] = [
  {
    name: "ipBlock matches the addresses of pods",
    world: labWorld([
      ingressPolicy("x/block", pods("a"), { from: [{ ipBlock: { cidr: `${labAddress("y/b", 4)}/32` } }] }),
    ]),
    allowed: [toA()],
    denied: [toA("TCP 80", "y/a"), flow("y/b", "x/a", "TCP 80", { family: 6 })],
  },
  {
    name: "a block with host bits or leading zeros is read as the server reads it",
    world: labWorld([
      ingressPolicy("x/host-bits", pods("a"), {
        from: [{ ipBlock: { cidr: "10.77.2.99/24", except: ["10.77.2.3/31"] } }],
      }),
      ingressPolicy("x/zeros", pods("b"), { from: [{ ipBlock: { cidr: "010.077.002.000/024" } }] }),
      ingressPolicy("x/mapped", pods("c"), { from: [{ ipBlock: { cidr: "::ffff:10.77.2.0/120" } }] }),
    ]),
    allowed: [toA("TCP 80", "y/a"), flow("y/b", "x/b", "TCP 80"), flow("y/b", "x/c", "TCP 80")],
    denied: [
      toA("TCP 80", "y/b"),
      toA("TCP 80", "y/c"),
      toA("TCP 80", "z/a"),
      flow("z/b", "x/b", "TCP 80"),
      flow("z/b", "x/c", "TCP 80"),
    ],
  },
  {
    name: "an address is the same address however a server has stored it",
    world: labWorld(
      [
        ingressPolicy("x/p", pods("a"), {
          from: [{ ipBlock: { cidr: "10.77.2.2/32" } }, { ipBlock: { cidr: "fd77::2:2/128" } }],
        }),
      ],
      {
        pods: [
          makePod("y/b", { status: { podIPs: [{ ip: "010.077.002.002" }, { ip: "FD77:0:0::0002:2" }] } }),
        ],
      },
    ),
    allowed: [toA(), flow("y/b", "x/a", "TCP 80", { family: 6 }), toA("TCP 80", "10.77.2.2")],
    denied: [toA("TCP 80", "y/a")],
  },
  {
    name: "a host-network pod is no subject",
    world: labWorld([makePolicy("x/deny-all", { policyTypes: ["Ingress", "Egress"] })], { pods: [hostPod] }),
    allowed: [
      flow("y/b", "x/host", "TCP 80"),
      flow("x/host", "y/b", "TCP 80"),
      flow("x/host", "x/a", "TCP 80"),
    ],
    denied: [flow("x/a", "x/host", "TCP 80")],
  },
  {
    name: "a host-network pod is matched by its node's address and never by selectors",
    world: labWorld(
      [
        ingressPolicy("x/by-label", pods("a"), { from: [{ podSelector: {} }, { namespaceSelector: {} }] }),
        ingressPolicy("x/by-address", pods("b"), { from: [{ ipBlock: { cidr: "10.77.0.2/32" } }] }),
        egressPolicy("x/out", pods("a", "b"), { to: [{ podSelector: pods("host") }] }),
        egressPolicy("x/out-by-address", pods("b"), { to: [{ ipBlock: { cidr: "10.77.0.0/28" } }] }),
      ],
      { pods: [hostPod, farHostPod] },
    ),
    allowed: [
      flow("x/far-host", "x/b", "TCP 80"),
      flow("x/b", "x/far-host", "TCP 80"),
      flow("x/b", "x/host", "TCP 80"),
    ],
    denied: [
      flow("x/far-host", "x/a", "TCP 80"),
      flow(LAB_NODE[4], "x/a", "TCP 80"),
      flow("x/a", "x/far-host", "TCP 80"),
      flow("x/a", "x/host", "TCP 80"),
    ],
  },
];

const open = [{}];

/** One policy that selects x/a with these fields; which directions of x/a are closed by it. */
function types(
  name: string,
  fields: PolicySpec,
  closed: { readonly ingress: boolean; readonly egress: boolean },
): Decision {
  const split = (isClosed: boolean, subject: ReturnType<typeof toA>) =>
    isClosed ? { denied: [subject], allowed: [] } : { denied: [], allowed: [subject] };
  const ingress = split(closed.ingress, toA());
  const egress = split(closed.egress, fromA());
  return {
    name: `policyTypes: ${name}`,
    world: labWorld([makePolicy("x/p", { podSelector: pods("a"), ...fields })]),
    allowed: [...ingress.allowed, ...egress.allowed],
    denied: [...ingress.denied, ...egress.denied],
  };
}

const policyTypes: readonly Decision[] = [
  types("absent without egress rules is ingress", {}, { ingress: true, egress: false }),
  types(
    "null is absent",
    { policyTypes: null, ingress: null, egress: null },
    { ingress: true, egress: false },
  ),
  types("an empty list is absent", { policyTypes: [], egress: [] }, { ingress: true, egress: false }),
  types(
    "absent with an egress rule is both",
    { egress: [{ to: [{ podSelector: {} }] }] },
    { ingress: true, egress: true },
  ),
  types("ingress may be open by its rule", { ingress: open }, { ingress: false, egress: false }),
  types("egress alone", { policyTypes: ["Egress"] }, { ingress: false, egress: true }),
  types(
    "rules of a direction not named are ignored",
    { policyTypes: ["Egress"], ingress: open },
    { ingress: false, egress: true },
  ),
  types(
    "egress rules of an ingress policy open nothing and close nothing",
    { policyTypes: ["Ingress"], egress: [{ to: [{ podSelector: {} }] }] },
    { ingress: true, egress: false },
  ),
  types(
    "a type named twice is that type",
    { policyTypes: ["Egress", "Egress"] },
    { ingress: false, egress: true },
  ),
  types(
    "one that nobody knows closes both directions",
    { policyTypes: ["Ingress", "Sideways"], ingress: open },
    { ingress: false, egress: true },
  ),
  {
    name: "a policy without specification isolates every pod of its namespace",
    world: labWorld([makePolicy("x/empty", null)]),
    allowed: [fromA()],
    denied: [toA()],
  },
];

/** x/a's ingress has one unreadable rule, one good rule for y/b, and another policy for y/c. */
function unreadable(name: string, rule: IngressRule): Decision {
  return {
    name: `unreadable rule: ${name}`,
    world: labWorld([
      ingressPolicy("x/odd", pods("a"), rule, {
        from: [{ ipBlock: { cidr: `${labAddress("y/b", 4)}/32` } }],
      }),
      ingressPolicy("x/fine", pods("a"), { from: [{ ipBlock: { cidr: `${labAddress("y/c", 4)}/32` } }] }),
      ingressPolicy("x/odd-alone", pods("b"), rule),
    ]),
    allowed: [toA("TCP 80", "y/b"), toA("TCP 80", "y/c"), flow("y/a", "x/c", "TCP 80")],
    denied: [toA("TCP 80", "y/a"), toA("TCP 80", LAB_OUTSIDE[4]), flow("y/a", "x/b", "TCP 80")],
  };
}

const withSelector = (podSelector: LabelSelector) => ({ from: [{ podSelector, namespaceSelector: {} }] });

const unreadables: readonly Decision[] = [
  unreadable("a peer without a field", { from: [{}] }),
  unreadable("a peer with null fields only", {
    from: [{ podSelector: null, namespaceSelector: null, ipBlock: null }],
  }),
  unreadable("a good peer does not save a bad one", { from: [{}, { namespaceSelector: {} }] }),
  unreadable("ipBlock beside a selector", { from: [{ ipBlock: { cidr: "0.0.0.0/0" }, podSelector: {} }] }),
  unreadable("an exception as large as its block", {
    from: [{ ipBlock: { cidr: "10.77.0.0/16", except: ["10.77.0.0/16"] } }],
  }),
  unreadable("an exception outside its block", {
    from: [{ ipBlock: { cidr: "10.77.0.0/16", except: ["10.78.0.0/24"] } }],
  }),
  unreadable("an exception of the other family", {
    from: [{ ipBlock: { cidr: "0.0.0.0/0", except: ["fd77::/64"] } }],
  }),
  unreadable("a block that is none", { from: [{ ipBlock: { cidr: "10.77.0.0" } }] }),
  unreadable("a block with too long a prefix", { from: [{ ipBlock: { cidr: "10.77.0.0/33" } }] }),
  unreadable("an unknown operator", withSelector({ matchExpressions: [{ key: "pod", operator: "Near" }] })),
  unreadable(
    "In without values",
    withSelector({ matchExpressions: [{ key: "pod", operator: "In", values: [] }] }),
  ),
  unreadable("NotIn without values", withSelector({ matchExpressions: [{ key: "pod", operator: "NotIn" }] })),
  unreadable(
    "Exists with values",
    withSelector({ matchExpressions: [{ key: "pod", operator: "Exists", values: ["a"] }] }),
  ),
  unreadable("endPort below port", { ports: [{ port: 81, endPort: 80 }, { port: 80 }] }),
  unreadable("endPort beside a named port", { ports: [{ port: "web", endPort: 90 }, { port: 80 }] }),
  unreadable("endPort alone", { ports: [{ endPort: 90 }, { port: 80 }] }),
  unreadable("port 0", { ports: [{ port: 0 }, { port: 80 }] }),
  unreadable("port 65536", { ports: [{ port: 65536 }, { port: 80 }] }),
  unreadable("a port name without a letter", { ports: [{ port: "80" }, { port: 80 }] }),
  unreadable("an unknown protocol", { ports: [{ port: 80, protocol: "ICMP" }, { port: 80 }] }),
  {
    name: "a policy whose podSelector is unreadable isolates its whole namespace",
    world: labWorld([
      ingressPolicy(
        "x/odd",
        { matchExpressions: [{ key: "pod", operator: "Near" }] },
        { from: [{ podSelector: pods("b") }] },
      ),
    ]),
    allowed: [flow("x/b", "x/a", "TCP 80"), flow("x/b", "x/c", "TCP 80"), flow("y/b", "y/a", "TCP 80")],
    denied: [toA(), flow("y/b", "x/c", "TCP 80")],
  },
];

const legacy: readonly Decision[] = [
  {
    name: "a selector value that no label can have matches nothing",
    world: labWorld([
      ingressPolicy("x/odd", pods("a"), withSelector({ matchLabels: { pod: "not a label value!" } })),
      ingressPolicy(
        "x/odd-list",
        pods("b"),
        withSelector({ matchExpressions: [{ key: "pod", operator: "In", values: ["-b-"] }] }),
      ),
      ingressPolicy("x/nobody", { matchLabels: { pod: "not a label value!" } }),
    ]),
    allowed: [flow("y/b", "x/c", "TCP 80")],
    denied: [toA(), flow("y/b", "x/b", "TCP 80")],
  },
  {
    name: "one impossible value empties its selector, as upstream reads it",
    world: labWorld([
      ingressPolicy("x/odd", pods("a"), withSelector(pods("b", "-b-"))),
      ingressPolicy(
        "x/odd-not",
        pods("b"),
        withSelector({ matchExpressions: [{ key: "pod", operator: "NotIn", values: ["-b-"] }] }),
      ),
    ]),
    allowed: [flow("y/b", "x/c", "TCP 80")],
    denied: [toA(), flow("y/b", "x/b", "TCP 80")],
  },
  {
    name: "null is absent everywhere",
    world: labWorld([
      ingressPolicy("x/everyone", pods("a"), { from: null, ports: null }),
      ingressPolicy("x/web", pods("b"), {
        from: [
          {
            podSelector: { matchLabels: null, matchExpressions: null },
            namespaceSelector: inNamespaces("y"),
            ipBlock: null,
          },
        ],
        ports: [{ port: 80, protocol: null, endPort: null }],
      }),
    ]),
    allowed: [toA(), toA("ICMP"), flow("y/a", "x/b", "TCP 80")],
    denied: [flow("y/a", "x/b", "TCP 81"), flow("y/a", "x/b", "UDP 80"), flow("z/a", "x/b", "TCP 80")],
  },
];

/** How odd, legacy and unreadable objects are read. */
export const objectDecisions: readonly Decision[] = [...blocks, ...policyTypes, ...unreadables, ...legacy];
