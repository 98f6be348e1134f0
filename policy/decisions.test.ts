import { describe, expect, test } from "bun:test";
import type { Address } from "../model/address.ts";
import { ICMP, SCTP, TCP, UDP } from "../model/protocol.ts";
import type { ClusterState } from "../model/update.ts";
import { explain, type Party } from "./explain.ts";
import {
  allow,
  block,
  cluster,
  id,
  label,
  namedPort,
  namespace,
  peer,
  pod,
  podsOf,
  podsWhereNamespace,
  policy,
  port,
} from "./test-objects.ts";

function party(name: string): Party {
  if (name === "node") return { kind: "node" };
  return name.includes("/")
    ? { kind: "endpoint", id: id(name) }
    : { kind: "address", address: name as Address };
}

/** `x/a y/b 80`, `x/a 192.0.2.1 80 UDP`, `x/a y/b ICMP`. */
function verdict(state: ClusterState, flow: string): string {
  const [from = "", to = "", third = "", name = "TCP"] = flow.split(" ");
  const protocol = { TCP, UDP, SCTP, ICMP }[/^\d/.test(third) ? name : third] ?? TCP;
  const portNumber = /^\d/.test(third) ? Number(third) : undefined;
  return explain(state, { from: party(from), to: party(to), protocol, port: portNumber }).verdict;
}

const WEB = [{ name: "web", protocol: TCP, port: 80 }];
const world = [
  namespace("x"),
  namespace("y"),
  pod("x/a", "10.0.0.1 fd00::1"),
  pod("x/b", "10.0.0.2 fd00::2", { ports: WEB }),
  pod("y/a", "10.0.1.1"),
  pod("y/b", "10.0.1.2", { ports: [{ name: "web", protocol: TCP, port: 8080 }] }),
];
const TO_A = { subjects: podsOf("x", "a") };

interface Decision {
  readonly name: string;
  readonly state: ClusterState;
  readonly allowed?: readonly string[];
  readonly denied?: readonly string[];
}

const decisions: readonly Decision[] = [
  {
    name: "without policies everything passes",
    state: cluster(...world),
    allowed: ["x/a y/b 80", "x/a y/b ICMP"],
  },
  {
    name: "isolation denies every protocol; a pod and its own node are never blocked",
    state: cluster(...world, policy("x/deny", { ingress: [], egress: [] })),
    denied: ["y/a x/a 80", "y/a x/a 80 UDP", "y/a x/a 80 SCTP", "y/a x/a ICMP", "x/a x/b 80", "x/a node 80"],
    allowed: ["x/a x/a 80", "node x/a 80", "y/a y/b 80"],
  },
  {
    name: "isolation is per direction",
    state: cluster(...world, policy("x/deny", { ingress: [] })),
    denied: ["y/a x/a 80"],
    allowed: ["x/a y/a 80", "x/a node 80"],
  },
  {
    name: "egress of the source and ingress of the destination must both agree",
    state: cluster(
      ...world,
      policy("x/out", { egress: [allow("everyone")] }),
      policy("y/deny", { ingress: [] }),
    ),
    denied: ["x/a y/a 80"],
    allowed: ["x/a x/b 80"],
  },
  {
    name: "an empty list of peers or ports, and a selector that matches nobody, allow nobody",
    state: cluster(
      ...world,
      policy("x/nobody", {
        ingress: [
          allow([]),
          allow("everyone", []),
          allow([peer(podsOf("x", "none"))]),
          allow([peer(podsOf("w"))]),
        ],
      }),
    ),
    denied: ["x/b x/a 80", "y/a x/a 80", "192.0.2.1 x/a 80"],
  },
  {
    name: "everyone is everyone, addresses outside and every protocol included",
    state: cluster(...world, policy("x/all", { ingress: [allow("everyone")] })),
    allowed: ["192.0.2.1 x/a 80", "2001:db8::1 x/a 80 UDP", "y/a x/a ICMP"],
  },
  {
    name: "inside one peer both selectors must hold, between peers one is enough",
    state: cluster(
      ...world,
      policy(
        "x/and",
        { ingress: [allow([peer({ ...podsWhereNamespace("y"), endpoints: label("app", "a") })])] },
        TO_A,
      ),
      policy(
        "x/or",
        { ingress: [allow([peer(podsWhereNamespace("y")), peer(podsOf("x", "a"))])] },
        { subjects: podsOf("x", "b") },
      ),
    ),
    allowed: ["y/a x/a 80", "y/b x/b 80", "x/a x/b 80"],
    denied: ["y/b x/a 80", "x/b x/a 80"],
  },
  {
    name: "policies only add",
    state: cluster(
      ...world,
      policy("x/deny", { ingress: [] }),
      policy("x/one", { ingress: [allow([peer(podsOf("y", "a"))])] }),
    ),
    allowed: ["y/a x/a 80"],
    denied: ["y/b x/a 80"],
  },
  {
    name: "a block matches pods too, each block's exceptions take from that block only",
    state: cluster(
      ...world,
      policy("x/block", { ingress: [allow([block("10.0.0.0/8", "10.0.1.0/24"), block("10.0.1.2/32")])] }),
    ),
    allowed: ["x/b x/a 80", "y/b x/a 80"],
    denied: ["y/a x/a 80", "192.0.2.1 x/a 80"],
  },
  {
    name: "a block of all IPv4 allows no IPv6",
    state: cluster(...world, policy("x/v4", { ingress: [allow([block("0.0.0.0/0")])] })),
    allowed: ["192.0.2.1 x/a 80"],
    denied: ["2001:db8::1 x/a 80"],
  },
  {
    name: "a rule with ports allows its protocols only",
    state: cluster(
      ...world,
      policy("x/ports", { ingress: [allow("everyone", [port(80, 90), port(0, 65535, SCTP)])] }),
    ),
    allowed: ["y/a x/a 80", "y/a x/a 90", "y/a x/a 7 SCTP"],
    denied: ["y/a x/a 79", "y/a x/a 91", "y/a x/a 80 UDP", "y/a x/a ICMP"],
  },
  {
    name: "a named port is what each receiving pod calls so",
    state: cluster(
      ...world,
      policy("x/in", { ingress: [allow("everyone", [namedPort("web")])] }),
      policy("y/out", { egress: [allow("everyone", [namedPort("web")])] }),
    ),
    allowed: ["y/a x/b 80", "y/a y/b 8080"],
    denied: ["y/a x/b 8080", "y/a x/a 80", "y/a y/b 80", "y/a 192.0.2.1 80", "y/a x/b 80 UDP"],
  },
  {
    name: "a name can mean two numbers, and a name that looks like a number is a name",
    state: cluster(
      ...world,
      pod("x/c", "10.0.0.3", {
        ports: [...WEB, { name: "web", protocol: TCP, port: 81 }, { name: "443", protocol: TCP, port: 90 }],
      }),
      policy("x/in", { ingress: [allow("everyone", [namedPort("web"), namedPort("443")])] }),
    ),
    allowed: ["y/a x/c 80", "y/a x/c 81", "y/a x/c 90"],
    denied: ["y/a x/c 443", "y/a x/c 82"],
  },
  {
    name: "a named port of a block reaches the pods inside the block",
    state: cluster(
      ...world,
      policy("x/out", { egress: [allow([block("10.0.1.0/24", "10.0.1.1/32")], [namedPort("web")])] }),
    ),
    allowed: ["x/a y/b 8080"],
    denied: ["x/a x/b 80", "x/a y/a 80", "x/a 10.0.1.77 8080"],
  },
  {
    name: "pods being deleted stay peers; finished ones are none, and their interface stays closed",
    state: cluster(
      ...world,
      pod("y/leaving", "10.0.1.3", { deleting: true }),
      pod("y/done", "10.0.1.4", { finished: true }),
      policy("x/y", { ingress: [allow([peer(podsWhereNamespace("y"))])] }),
    ),
    allowed: ["y/leaving x/a 80", "y/leaving y/a 80"],
    denied: ["10.0.1.4 x/a 80", "y/done y/a 80", "y/a y/done 80"],
  },
  {
    name: "an address of a finished pod that another pod has now bears the new pod's rights only",
    state: cluster(
      ...world,
      pod("y/old", "10.0.5.5", { finished: true, startedAt: 9 }),
      pod("x/new", "10.0.5.5"),
      policy("x/y", { ingress: [allow([peer(podsWhereNamespace("y"))])] }),
    ),
    denied: ["x/new x/a 80", "10.0.5.5 x/a 80", "y/old x/a 80"],
  },
  {
    name: "a namespace that is unknown or unreadable has no labels, but it has a name",
    state: cluster(
      { ...namespace("y"), unreadable: true },
      ...world.slice(2),
      policy(
        "x/all",
        {
          ingress: [
            allow([
              peer({
                namespaces: { kind: "labelled", selector: { kind: "all" } },
                endpoints: { kind: "all" },
              }),
            ]),
          ],
        },
        TO_A,
      ),
      policy("x/named", { ingress: [allow([peer(podsOf("y"))])] }, { subjects: podsOf("x", "b") }),
    ),
    denied: ["y/a x/a 80", "x/b x/a 80"],
    allowed: ["y/a x/b 80"],
  },
  {
    name: "labels of pods never answer for labels of namespaces, nor inherited properties for labels",
    state: cluster(
      ...world,
      pod("x/liar", "10.0.0.9", { labels: { name: "y" } }),
      policy(
        "x/y",
        {
          ingress: [
            allow([peer(podsWhereNamespace("y"))]),
            allow([peer({ namespaces: { kind: "any" }, endpoints: { kind: "has", key: "constructor" } })]),
          ],
        },
        TO_A,
      ),
    ),
    allowed: ["y/b x/a 80"],
    denied: ["x/liar x/a 80", "x/b x/a 80"],
  },
  {
    name: "values that only look alike when written in a row are different questions",
    state: cluster(
      ...world,
      policy(
        "x/odd",
        { ingress: [allow([peer({ namespaces: { kind: "any" }, endpoints: label("app", "a', 'b", "c") })])] },
        TO_A,
      ),
      policy("y/even", {
        ingress: [allow([peer({ namespaces: { kind: "any" }, endpoints: label("app", "a", "b", "c") })])],
      }),
    ),
    allowed: ["x/b y/a 80"],
    denied: ["x/b x/a 80", "y/a x/a 80"],
  },
];

describe.each(decisions)("$name", ({ state, allowed = [], denied = [] }) => {
  test.each([...allowed])("%s is allowed", (flow) => expect(verdict(state, flow)).toBe("allowed"));
  test.each([...denied])("%s is denied", (flow) => expect(verdict(state, flow)).toBe("denied"));
});
