import type { Decision } from "./decision.ts";
import { LAB_NODE, LAB_OUTSIDE, egressPolicy, flow, inNamespaces, ingressPolicy, labAddress } from "./lab.ts";
import { labWorld, makePod, makePolicy, pods } from "./lab.ts";

// The documentation of NetworkPolicy and the comments of its API, demand by demand.

const toA = (what = "TCP 80", from = "y/b") => flow(from, "x/a", what);
const fromA = (what = "TCP 80", to = "y/b") => flow("x/a", to, what);
const node = `node ${LAB_NODE[4]}`;
const denyAll = makePolicy("x/deny-all", { podSelector: {}, policyTypes: ["Ingress", "Egress"] });

const isolation: readonly Decision[] = [
  {
    name: "without policies everything passes",
    world: labWorld([]),
    allowed: [
      toA(),
      toA("UDP 53"),
      toA("ICMP"),
      toA("TCP 80", LAB_OUTSIDE[4]),
      fromA("TCP 80", LAB_OUTSIDE[6]),
      fromA("TCP 80", node),
    ],
    denied: [],
  },
  {
    name: "the resident node always reaches its pods; a pod reaches its node as its egress allows",
    world: labWorld([
      denyAll,
      egressPolicy("x/to-node", pods("b"), {
        to: [{ ipBlock: { cidr: `${LAB_NODE[4]}/32` } }],
        ports: [{ port: 80 }],
      }),
    ]),
    allowed: [
      flow(node, "x/a", "TCP 80"),
      flow(node, "x/a", "ICMP"),
      flow("x/b", node, "TCP 80"),
      flow("y/a", node, "TCP 80"),
    ],
    denied: [
      fromA("TCP 80", node),
      flow("x/b", node, "TCP 81"),
      flow("x/a", `node ${LAB_NODE[6]}`, "TCP 80"),
    ],
  },
  {
    name: "isolation is per direction: ingress",
    world: labWorld([ingressPolicy("x/in", pods("a"))]),
    allowed: [fromA(), flow("y/b", "x/b", "TCP 80")],
    denied: [toA(), toA("TCP 80", "x/b"), toA("TCP 80", LAB_OUTSIDE[4])],
  },
  {
    name: "isolation is per direction: egress",
    world: labWorld([egressPolicy("x/out", pods("a"))]),
    allowed: [toA(), flow("x/b", "y/b", "TCP 80")],
    denied: [fromA(), fromA("TCP 80", "x/b"), fromA("TCP 80", LAB_OUTSIDE[4])],
  },
  {
    name: "policies only add: a pod may do what any one of them allows",
    world: labWorld([
      denyAll,
      ingressPolicy("x/web", pods("a"), { ports: [{ port: 80 }] }),
      ingressPolicy(
        "x/from-b",
        {},
        { from: [{ namespaceSelector: inNamespaces("y"), podSelector: pods("b") }] },
      ),
    ]),
    allowed: [toA("TCP 80", "z/a"), toA("TCP 81"), toA("ICMP")],
    denied: [toA("TCP 81", "z/a"), flow("z/a", "x/b", "TCP 80")],
  },
  {
    name: "a policy reaches pods of its own namespace only",
    world: labWorld([denyAll]),
    allowed: [flow("y/a", "z/a", "TCP 80")],
    denied: [flow("y/a", "x/a", "TCP 80")],
  },
  {
    name: "the source's egress and the destination's ingress must both agree",
    world: labWorld([
      ingressPolicy("x/in", pods("a"), { from: [{ namespaceSelector: {}, podSelector: pods("b") }] }),
      egressPolicy("y/out", pods("b", "c"), { to: [{ namespaceSelector: {}, podSelector: pods("a") }] }),
    ]),
    allowed: [toA()],
    denied: [toA("TCP 80", "y/c"), toA("TCP 80", "y/a"), flow("y/b", "x/b", "TCP 80")],
  },
  {
    name: "an allowed flow gives the other side no right to begin one",
    world: labWorld([
      makePolicy("x/p", {
        podSelector: {},
        policyTypes: ["Ingress", "Egress"],
        egress: [{ to: [{ namespaceSelector: inNamespaces("y") }], ports: [{ port: 80 }] }],
      }),
      makePolicy("y/p", {
        podSelector: {},
        policyTypes: ["Ingress", "Egress"],
        ingress: [{ from: [{ namespaceSelector: inNamespaces("x") }], ports: [{ port: 80 }] }],
      }),
    ]),
    allowed: [fromA()],
    denied: [toA(), fromA("TCP 81"), fromA("UDP 80")],
  },
  {
    name: "both ends may stand on different nodes",
    world: labWorld(
      [
        denyAll,
        ingressPolicy("x/in", pods("a"), { from: [{ namespaceSelector: {}, podSelector: pods("b") }] }),
      ],
      {
        pods: [makePod("y/b", { spec: { nodeName: "far", containers: [{ name: "main" }] } })],
      },
    ),
    allowed: [toA()],
    denied: [fromA(), toA("TCP 80", "y/c")],
  },
];

const ports: readonly Decision[] = [
  {
    name: "endPort takes in both ends of its range",
    world: labWorld([
      ingressPolicy("x/p", pods("a"), {
        ports: [
          { port: 80, endPort: 82 },
          { port: 90, endPort: 90, protocol: "UDP" },
        ],
      }),
    ]),
    allowed: [toA("TCP 80"), toA("TCP 81"), toA("TCP 82"), toA("UDP 90")],
    denied: [toA("TCP 79"), toA("TCP 83"), toA("UDP 81"), toA("TCP 90"), toA("UDP 91")],
  },
  {
    name: "a rule for SCTP opens no TCP port and the other way round",
    world: labWorld([
      ingressPolicy("x/sctp", pods("a"), { ports: [{ port: 80, protocol: "SCTP" }] }),
      ingressPolicy("x/tcp", pods("b"), { ports: [{ port: 80 }] }),
    ]),
    allowed: [toA("SCTP 80"), flow("y/b", "x/b", "TCP 80")],
    denied: [toA("TCP 80"), toA("UDP 80"), flow("y/b", "x/b", "SCTP 80")],
  },
  {
    name: "ports and peers of one rule must both hold",
    world: labWorld([
      ingressPolicy(
        "x/p",
        pods("a"),
        { from: [{ podSelector: pods("b") }], ports: [{ port: 80 }] },
        { from: [{ podSelector: pods("c") }], ports: [{ port: 81 }] },
      ),
    ]),
    allowed: [toA("TCP 80", "x/b"), toA("TCP 81", "x/c")],
    denied: [toA("TCP 81", "x/b"), toA("TCP 80", "x/c")],
  },
  {
    name: "egress rules name the destination's port",
    world: labWorld([
      egressPolicy("x/p", pods("a"), {
        to: [{ namespaceSelector: {} }],
        ports: [{ port: 80 }, { port: 53, protocol: "UDP" }],
      }),
    ]),
    allowed: [fromA(), fromA("UDP 53")],
    denied: [fromA("TCP 53"), fromA("TCP 80", LAB_OUTSIDE[4]), fromA("ICMP")],
  },
];

const sources: readonly Decision[] = [
  {
    name: "a pod that writes another's address is stopped, with and without policies",
    world: labWorld([
      ingressPolicy("x/p", pods("a"), { from: [{ namespaceSelector: {}, podSelector: pods("c") }] }),
    ]),
    allowed: [toA("TCP 80", "y/c"), flow("y/c", "x/a", "TCP 80", { claimedSource: labAddress("y/c", 4) })],
    denied: [
      flow("y/b", "x/a", "TCP 80", { claimedSource: labAddress("y/c", 4) }),
      flow("y/b", "z/a", "TCP 80", { claimedSource: labAddress("y/c", 4) }),
      flow("y/b", "z/a", "TCP 80", { claimedSource: LAB_OUTSIDE[4] }),
      flow("y/b", "z/a", "TCP 80", { family: 6, claimedSource: labAddress("y/c", 6) }),
    ],
  },
];

/** What the documentation and the API's comments demand of isolation, ports and sources. */
export const documentedDecisions: readonly Decision[] = [...isolation, ...ports, ...sources];
