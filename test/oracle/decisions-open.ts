import type { Decision } from "./decision.ts";
import { LAB_NODE, LAB_OUTSIDE, egressPolicy, flow, inNamespaces, ingressPolicy, labWorld } from "./lab.ts";
import { labAddress, makePod, makePolicy, pods } from "./lab.ts";
import type { PodChanges } from "./lab.ts";

// What the specification's text leaves open, as we decided it.

const denyAll = makePolicy("x/deny-all", { podSelector: {}, policyTypes: ["Ingress", "Egress"] });
const toA = (what: string, from = "y/b") => flow(from, "x/a", what);
const webOfA = ingressPolicy("x/from-b", pods("a"), {
  from: [{ namespaceSelector: {}, podSelector: pods("b") }],
});

/** x/a lets only y/b in, and y/b is as the changes say. */
function peerState(name: string, changes: PodChanges, passes: boolean): Decision {
  const world = labWorld([webOfA], { pods: [makePod("y/b", changes)] });
  return { name, world, allowed: passes ? [toA("TCP 80")] : [], denied: passes ? [] : [toA("TCP 80")] };
}

/** Two pods claim one address; only the winner's label opens x/a. */
function contested(name: string, winner: PodChanges, loser: PodChanges): Decision {
  const podIPs = { podIPs: [{ ip: "10.77.9.9" }] };
  const claim = (id: string, changes: PodChanges) =>
    makePod(id, { ...changes, status: { phase: "Running", ...changes.status, ...podIPs } });
  return {
    name: `contested address: ${name}`,
    world: labWorld(
      [
        ingressPolicy("x/from-winner", pods("a"), {
          from: [{ namespaceSelector: {}, podSelector: pods("m") }],
        }),
        ingressPolicy("x/from-loser", pods("b"), {
          from: [{ namespaceSelector: {}, podSelector: pods("n") }],
        }),
      ],
      {
        pods: [claim("y/n", loser), claim("y/m", winner)],
      },
    ),
    allowed: [flow("y/m", "x/a", "TCP 80"), flow("10.77.9.9", "x/a", "TCP 80"), flow("z/a", "y/m", "TCP 80")],
    denied: [
      flow("y/n", "x/b", "TCP 80"),
      flow("y/n", "x/c", "TCP 80"),
      flow("10.77.9.9", "x/b", "TCP 80"),
      flow("z/a", "y/n", "TCP 80"),
    ],
  };
}

const deleted = { deletionTimestamp: "2026-01-02T03:04:05Z" };
const started = (startTime: string): PodChanges => ({ status: { startTime } });

const traffic: readonly Decision[] = [
  {
    name: "a pod reaches itself whatever its policies, unless the packet comes back from a Service",
    world: labWorld([denyAll]),
    allowed: [flow("x/a", "x/a", "TCP 80"), flow("x/a", "x/a", "ICMP")],
    denied: [flow("x/a", "x/a", "TCP 80", { throughService: true }), flow("x/a", "x/b", "TCP 80")],
  },
  {
    name: "a hairpin needs both directions",
    world: labWorld([
      egressPolicy("x/out", {}, {}),
      ingressPolicy("x/in", pods("a"), { from: [{ podSelector: pods("a") }] }),
      ingressPolicy("x/closed", pods("b")),
    ]),
    allowed: [flow("x/a", "x/a", "TCP 80", { throughService: true })],
    denied: [flow("x/b", "x/b", "TCP 80", { throughService: true })],
  },
  {
    name: "a rule with ports allows those protocols only",
    world: labWorld([ingressPolicy("x/web", pods("a"), { ports: [{ port: 80, protocol: "TCP" }] })]),
    allowed: [toA("TCP 80")],
    denied: [toA("TCP 81"), toA("UDP 80"), toA("SCTP 80"), toA("ICMP"), toA("GRE")],
  },
  {
    name: "a port entry without number is the whole protocol and nothing else",
    world: labWorld([ingressPolicy("x/udp", pods("a"), { ports: [{ protocol: "UDP" }] })]),
    allowed: [toA("UDP 1"), toA("UDP 65535")],
    denied: [toA("TCP 80"), toA("SCTP 80"), toA("ICMP")],
  },
  {
    name: "an empty port entry is all of TCP",
    world: labWorld([ingressPolicy("x/tcp", pods("a"), { ports: [{}] })]),
    allowed: [toA("TCP 1"), toA("TCP 65535")],
    denied: [toA("UDP 80"), toA("ICMP")],
  },
  {
    name: "a rule without ports allows every IP protocol",
    world: labWorld([
      ingressPolicy("x/from-b", pods("a"), { from: [{ namespaceSelector: {}, podSelector: pods("b") }] }),
    ]),
    allowed: [toA("TCP 80"), toA("UDP 80"), toA("SCTP 80"), toA("ICMP"), toA("GRE")],
    denied: [toA("TCP 80", "y/c"), toA("ICMP", "y/c"), toA("GRE", "y/c")],
  },
  {
    name: "isolation denies every IP protocol",
    world: labWorld([denyAll]),
    allowed: [],
    denied: [toA("TCP 80"), toA("UDP 80"), toA("SCTP 80"), toA("ICMP"), toA("GRE")],
  },
];

const lifecycle: readonly Decision[] = [
  peerState("a pod being deleted is still a peer", { metadata: deleted }, true),
  {
    name: "a pod being deleted is still a subject",
    world: labWorld([denyAll], { pods: [makePod("x/a", { metadata: deleted })] }),
    allowed: [flow("x/a", "x/a", "TCP 80")],
    denied: [toA("TCP 80"), flow("x/a", "y/b", "TCP 80")],
  },
  peerState("a succeeded pod is nobody's peer", { status: { phase: "Succeeded" } }, false),
  peerState("a failed pod is nobody's peer", { status: { phase: "Failed" } }, false),
  peerState(
    "a deleted pod whose address was taken back is nobody's peer",
    { metadata: { ...deleted, annotations: { "cni.projectcalico.org/podIP": "" } } },
    false,
  ),
  peerState(
    "an emptied annotation alone finishes nothing",
    { metadata: { annotations: { "cni.projectcalico.org/podIP": "" } } },
    true,
  ),
  {
    name: "a finished pod sends and receives nothing even without policies",
    world: labWorld([], { pods: [makePod("y/b", { status: { phase: "Succeeded" } })] }),
    allowed: [],
    denied: [toA("TCP 80"), flow("x/a", "y/b", "TCP 80")],
  },
  {
    name: "the address of a finished pod belongs to its next holder, rights and all",
    world: labWorld([webOfA], {
      pods: [
        makePod("y/b", { status: { phase: "Succeeded", startTime: "2026-01-01T00:00:00Z" } }),
        makePod("y/d", { status: { podIPs: [{ ip: labAddress("y/b", 4) }] } }),
      ],
    }),
    allowed: [flow("y/d", "x/b", "TCP 80")],
    denied: [flow("y/d", "x/a", "TCP 80"), flow(labAddress("y/b", 4), "x/a", "TCP 80")],
  },
  contested("one that lives beats one being deleted", started("2026-01-01T00:00:00Z"), {
    metadata: deleted,
    status: { startTime: "2026-02-01T00:00:00Z" },
  }),
  contested("the later start wins", started("2026-01-02T00:00:00Z"), started("2026-01-01T23:59:59Z")),
  contested("any start beats none", started("1971-01-01T00:00:00Z"), {}),
  {
    name: "contested address: the greater name wins where nothing else tells",
    world: labWorld([webOfA], {
      pods: ["y/b", "y/d"].map((id) =>
        makePod(id, { metadata: { uid: "u" }, status: { podIPs: [{ ip: "10.77.9.9" }] } }),
      ),
    }),
    allowed: [flow("y/d", "x/b", "TCP 80")],
    denied: [flow("y/d", "x/a", "TCP 80"), flow("y/b", "x/b", "TCP 80"), flow("10.77.9.9", "x/a", "TCP 80")],
  },
  contested("the greater uid wins at equal starts", { metadata: { uid: "b" } }, { metadata: { uid: "a" } }),
];

const named = (name: string, containerPort: number, protocol = "TCP") => ({ name, containerPort, protocol });
const manyPorts = makePod("x/a", {
  spec: {
    containers: [
      { name: "one", ports: [named("web", 80), named("query", 53, "UDP"), { containerPort: 7000 }] },
      { name: "two", ports: [named("web", 81), named("query", 54)] },
    ],
    initContainers: [
      { name: "setup", ports: [named("web", 82)] },
      { name: "sidecar", restartPolicy: "Always", ports: [named("web", 83)] },
    ],
  },
});

const namedPorts: readonly Decision[] = [
  {
    name: "a named port is every number that any container gives the name and protocol",
    world: labWorld(
      [ingressPolicy("x/web", pods("a"), { ports: [{ port: "web" }, { port: "query", protocol: "UDP" }] })],
      {
        pods: [manyPorts],
      },
    ),
    allowed: [toA("TCP 80"), toA("TCP 81"), toA("TCP 82"), toA("TCP 83"), toA("UDP 53")],
    denied: [toA("TCP 84"), toA("UDP 80"), toA("UDP 54"), toA("TCP 54"), toA("TCP 7000"), toA("ICMP")],
  },
  {
    name: "a named port of ingress is that of each receiving pod",
    world: labWorld([ingressPolicy("x/web", {}, { ports: [{ port: "web" }] })], {
      pods: [manyPorts, makePod("x/c", { spec: { containers: [{ name: "main" }] } })],
    }),
    allowed: [toA("TCP 81"), flow("y/b", "x/b", "TCP 80")],
    denied: [flow("y/b", "x/b", "TCP 81"), flow("y/b", "x/c", "TCP 80")],
  },
  {
    name: "one name for two protocols stays two ports",
    world: labWorld(
      [
        ingressPolicy(
          "x/p",
          {},
          { from: [{ namespaceSelector: {}, podSelector: pods("b") }], ports: [{ port: "web" }] },
          {
            from: [{ namespaceSelector: {}, podSelector: pods("c") }],
            ports: [{ port: "web", protocol: "UDP" }],
          },
        ),
        egressPolicy("z/p", {}, { ports: [{ port: "web", protocol: "UDP" }] }),
      ],
      {
        pods: [
          makePod("x/a", {
            spec: {
              containers: [
                { name: "one", ports: [named("web", 80)] },
                { name: "two", ports: [named("web", 81, "UDP")] },
              ],
            },
          }),
        ],
      },
    ),
    allowed: [toA("TCP 80"), toA("UDP 81", "y/c"), toA("UDP 81", "z/c")],
    denied: [toA("UDP 81"), toA("TCP 80", "y/c"), toA("UDP 80", "y/c"), toA("TCP 81"), toA("TCP 80", "z/b")],
  },
  {
    name: "a named port of egress without peers is that of pods of every namespace, and of nothing else",
    world: labWorld([egressPolicy("y/web", {}, { ports: [{ port: "web" }] })], { pods: [manyPorts] }),
    allowed: [toA("TCP 83"), flow("y/b", "z/a", "TCP 80"), flow("y/b", "y/c", "TCP 80")],
    denied: [
      flow("y/b", "z/a", "TCP 83"),
      flow("y/b", LAB_OUTSIDE[4], "TCP 80"),
      flow("y/b", `node ${LAB_NODE[4]}`, "TCP 80"),
    ],
  },
  {
    name: "a named port of egress with a selector is that of the selected pods",
    world: labWorld(
      [
        egressPolicy(
          "y/web",
          {},
          { to: [{ namespaceSelector: inNamespaces("x") }], ports: [{ port: "web" }] },
        ),
      ],
      { pods: [manyPorts] },
    ),
    allowed: [toA("TCP 83"), flow("y/b", "x/b", "TCP 80")],
    denied: [
      flow("y/b", "z/a", "TCP 80"),
      flow("y/b", "x/b", "TCP 83"),
      flow("y/b", LAB_OUTSIDE[4], "TCP 80"),
    ],
  },
  {
    name: "a named port of egress with ipBlock is that of pods inside the block",
    world: labWorld([
      egressPolicy(
        "y/web",
        {},
        { to: [{ ipBlock: { cidr: "10.77.0.0/16", except: ["10.77.3.0/24"] } }], ports: [{ port: "web" }] },
      ),
      egressPolicy("y/out", {}, { to: [{ ipBlock: { cidr: "192.0.2.0/24" } }], ports: [{ port: "web" }] }),
    ]),
    allowed: [toA("TCP 80"), flow("y/b", "y/c", "TCP 80")],
    denied: [
      toA("TCP 81"),
      flow("y/b", "z/a", "TCP 80"),
      flow("y/b", "10.77.1.99", "TCP 80"),
      flow("y/b", LAB_OUTSIDE[4], "TCP 80"),
      flow("y/b", "x/a", "TCP 80", { family: 6 }),
    ],
  },
];

/** What the text leaves open about traffic, the life of pods, and named ports. */
export const openDecisions: readonly Decision[] = [...traffic, ...lifecycle, ...namedPorts];
