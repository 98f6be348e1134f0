import type { Decision } from "./decision.ts";
import { LAB_NODE, LAB_OUTSIDE, egressPolicy, flow, inNamespaces, ingressPolicy, labAddress } from "./lab.ts";
import { labWorld, makeNamespace, makePod, makePolicy, pods } from "./lab.ts";

// Mistakes that other policy agents made and that one packet can tell.

const toA = (what = "TCP 80", from = "y/b") => flow(from, "x/a", what);
const ip = (address: string) => ({ podIPs: [{ ip: address }] });
const port = (name: string, containerPort: number) => ({
  containers: [{ name: "main", ports: [{ name, containerPort }] }],
});
const longPod = `${"p".repeat(63)}.${"q".repeat(63)}.${"r".repeat(63)}.${"s".repeat(61)}`;
const longNamespace = "n".repeat(63);

/** What other agents got wrong, with the reference where it was told. */
export const decisionsElsewhere: readonly Decision[] = [
  {
    name: "a selector that matches nobody allows nobody (CVE-2025-64715, ovn-kubernetes ed3402460)",
    world: labWorld([
      ingressPolicy("x/nobody", pods("a"), { from: [{ podSelector: { matchLabels: { app: "none" } } }] }),
      ingressPolicy("x/no-namespace", pods("b"), { from: [{ namespaceSelector: inNamespaces("none") }] }),
      ingressPolicy("x/no-port", pods("c"), { ports: [{ port: "nowhere" }] }),
      egressPolicy("y/no-port", pods("c"), { ports: [{ port: "nowhere" }] }),
    ]),
    allowed: [flow("y/b", "z/a", "TCP 80")],
    denied: [
      toA(),
      toA("TCP 80", LAB_OUTSIDE[4]),
      flow("y/b", "x/b", "TCP 80"),
      flow("y/b", "x/c", "TCP 80"),
      flow("y/c", "z/a", "TCP 80"),
    ],
  },
  {
    name: "labels of pods are not labels of namespaces (CVE-2023-39347)",
    world: labWorld(
      [
        ingressPolicy("x/p", pods("a"), {
          from: [
            { namespaceSelector: { matchLabels: { ns: "y" } } },
            { namespaceSelector: inNamespaces("y") },
          ],
        }),
      ],
      {
        pods: [
          makePod("z/b", {
            metadata: {
              labels: {
                pod: "b",
                ns: "y",
                "kubernetes.io/metadata.name": "y",
                "io.kubernetes.pod.namespace": "y",
              },
            },
          }),
        ],
      },
    ),
    allowed: [toA()],
    denied: [toA("TCP 80", "z/b")],
  },
  {
    name: "label keys that every JavaScript object inherits are ordinary keys",
    world: labWorld(
      [
        ingressPolicy("x/p", pods("a"), {
          from: [{ podSelector: { matchExpressions: [{ key: "constructor", operator: "Exists" }] } }],
        }),
        ingressPolicy("x/q", pods("b"), {
          from: [{ podSelector: { matchExpressions: [{ key: "toString", operator: "DoesNotExist" }] } }],
        }),
      ],
      { pods: [makePod("x/c", { metadata: { labels: { pod: "c", constructor: "c", toString: "c" } } })] },
    ),
    allowed: [toA("TCP 80", "x/c"), flow("x/a", "x/b", "TCP 80")],
    denied: [toA("TCP 80", "x/b"), flow("x/c", "x/b", "TCP 80")],
  },
  {
    name: "on one node, egress that is allowed skips no ingress check (antrea 3809, kube-router 915, CVE-2026-33726)",
    world: labWorld([egressPolicy("x/out", {}, {}), ingressPolicy("x/in", pods("a"))]),
    allowed: [flow("x/b", "x/c", "TCP 80")],
    denied: [flow("x/b", "x/a", "TCP 80")],
  },
  {
    name: "the node's address is nobody's pass: only what the node itself sends is free (antrea 280)",
    world: labWorld([ingressPolicy("x/in", pods("a"))]),
    allowed: [flow(`node ${LAB_NODE[4]}`, "x/a", "TCP 80")],
    denied: [
      flow(LAB_NODE[4], "x/a", "TCP 80"),
      flow("y/b", "x/a", "TCP 80", { claimedSource: LAB_NODE[4] }),
    ],
  },
  {
    name: "names of 253 and 63 bytes are enforced like any other (kube-router 703c8435)",
    world: labWorld(
      [
        ingressPolicy(
          `${longNamespace}/${longPod}`,
          {},
          { from: [{ namespaceSelector: inNamespaces("y") }] },
        ),
        ingressPolicy("x/p", pods("a"), { from: [{ namespaceSelector: inNamespaces(longNamespace) }] }),
      ],
      {
        pods: [
          // Its name is too long for the label that the lab's pods have.
          makePod(`${longNamespace}/${longPod}`, { metadata: { labels: {} }, status: ip("10.77.8.1") }),
        ],
      },
    ),
    allowed: [
      flow("y/a", `${longNamespace}/${longPod}`, "TCP 80"),
      flow(`${longNamespace}/${longPod}`, "x/a", "TCP 80"),
    ],
    denied: [flow("z/a", `${longNamespace}/${longPod}`, "TCP 80"), toA()],
  },
  {
    name: "one unreadable rule or policy leaves the others in force (kube-router 79ef16b4)",
    world: labWorld([
      ingressPolicy("x/poison", pods("a"), { from: [{ ipBlock: { cidr: "poison" } }] }),
      ingressPolicy("x/closed", pods("b")),
      ingressPolicy("y/web", {}, { ports: [{ port: 80 }] }),
    ]),
    allowed: [flow("x/c", "y/a", "TCP 80"), flow("y/a", "x/c", "TCP 80")],
    denied: [toA(), flow("y/b", "x/b", "TCP 80"), flow("x/c", "y/a", "TCP 81")],
  },
  {
    name: "names that differ only in where the dash or the dot stands are different (aws bc504a4, azure 4574)",
    world: labWorld(
      [
        ingressPolicy("x/p", pods("a"), { from: [{ namespaceSelector: inNamespaces("a-b") }] }),
        ingressPolicy("a-b/c", {}, { from: [{ namespaceSelector: inNamespaces("y") }] }),
        ingressPolicy("a/b-c", {}, { from: [{ namespaceSelector: inNamespaces("z") }] }),
      ],
      {
        namespaces: [makeNamespace("a-b"), makeNamespace("a")],
        pods: [
          makePod("a-b/c", { status: ip("10.77.8.1") }),
          makePod("a/b-c", { status: ip("10.77.8.2") }),
          makePod("a/b.c", { status: ip("10.77.8.3") }),
        ],
      },
    ),
    allowed: [
      flow("a-b/c", "x/a", "TCP 80"),
      flow("y/a", "a-b/c", "TCP 80"),
      flow("z/a", "a/b-c", "TCP 80"),
      flow("z/a", "a/b.c", "TCP 80"),
    ],
    denied: [
      flow("a/b-c", "x/a", "TCP 80"),
      flow("z/a", "a-b/c", "TCP 80"),
      flow("y/a", "a/b-c", "TCP 80"),
      flow("y/a", "a/b.c", "TCP 80"),
    ],
  },
  {
    name: "two spellings of one block are one block, and their exceptions stay apart (aws 9fdad23)",
    world: labWorld([
      ingressPolicy("x/p", pods("a"), {
        from: [
          { ipBlock: { cidr: "10.77.0.0/16", except: ["10.77.2.0/24"] } },
          { ipBlock: { cidr: "10.77.5.5/16", except: ["10.77.3.0/24", "10.77.2.2/32"] } },
        ],
      }),
    ]),
    allowed: [toA("TCP 80", "y/a"), toA("TCP 80", "z/a"), toA("TCP 80", "x/b")],
    denied: [toA("TCP 80", "y/b"), toA("TCP 80", LAB_OUTSIDE[4])],
  },
  {
    name: "everything but an exception, in both families (azure 2841, 4591, 1739)",
    world: labWorld([
      ingressPolicy("x/p", pods("a"), {
        from: [
          { ipBlock: { cidr: "0.0.0.0/0", except: ["10.77.2.0/24", "192.0.2.0/25"] } },
          { ipBlock: { cidr: "::/0", except: ["fd77::2:0/112"] } },
        ],
      }),
    ]),
    allowed: [
      toA("TCP 80", "z/a"),
      flow("z/a", "x/a", "TCP 80", { family: 6 }),
      toA("TCP 80", LAB_OUTSIDE[6]),
    ],
    denied: [toA(), flow("y/b", "x/a", "TCP 80", { family: 6 }), toA("TCP 80", LAB_OUTSIDE[4])],
  },
  {
    name: "a name that looks like a number is a name, and every pod has its own number (calico 12228, kube-router f0d7f1e1)",
    world: labWorld(
      [
        ingressPolicy("x/p", {}, { ports: [{ port: "80a" }] }),
        egressPolicy("y/p", pods("c"), { ports: [{ port: "80a" }] }),
      ],
      {
        pods: [makePod("x/a", { spec: port("80a", 8080) }), makePod("x/b", { spec: port("80a", 8081) })],
      },
    ),
    allowed: [
      toA("TCP 8080"),
      flow("y/b", "x/b", "TCP 8081"),
      flow("y/c", "x/b", "TCP 8081"),
      flow("y/c", "x/a", "TCP 8080"),
    ],
    denied: [
      toA("TCP 80"),
      toA("TCP 8081"),
      flow("y/b", "x/b", "TCP 8080"),
      flow("y/b", "x/c", "TCP 80"),
      flow("y/c", "x/a", "TCP 8081"),
    ],
  },
  {
    name: "selectors match no address outside (kube-network-policies 84a939b)",
    world: labWorld([
      ingressPolicy("x/p", pods("a"), {
        from: [
          { namespaceSelector: {}, podSelector: {} },
          { podSelector: { matchExpressions: [{ key: "pod", operator: "DoesNotExist" }] } },
        ],
      }),
    ]),
    allowed: [toA(), toA("TCP 80", labAddress("y/b", 4))],
    denied: [toA("TCP 80", LAB_OUTSIDE[4]), toA("TCP 80", "10.77.2.99")],
  },
  {
    name: "isolation closes both families (CVE-2020-13597)",
    world: labWorld([makePolicy("x/deny-all", { podSelector: {}, policyTypes: ["Ingress", "Egress"] })]),
    allowed: [flow("y/a", "y/b", "TCP 80", { family: 6 })],
    denied: [
      flow("y/b", "x/a", "TCP 80", { family: 6 }),
      flow("x/a", "y/b", "TCP 80", { family: 6 }),
      flow("y/b", "x/a", "ICMP", { family: 6 }),
    ],
  },
];
