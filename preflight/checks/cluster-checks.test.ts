import { expect, test } from "bun:test";
import { ConnectionError } from "../../adapters/kubernetes/connection/connection-error.ts";
import { type Address, addressBytes } from "../../model/address.ts";
import type { Cidr } from "../../model/cidr.ts";
import type { Node } from "../../model/node.ts";
import type { Link } from "../../native/link-message.ts";
import type { RouteMessage } from "../../native/route-message.ts";
import { neededRights } from "../facts/cluster-facts.ts";
import type { NetworkFacts } from "../facts/kernel-facts.ts";
import type { PodPlace } from "../facts/pod-places.ts";
import type { Finding, FindingStatus } from "../finding.ts";
import { type Known, known, unknown } from "../known.ts";
import { checkReachedServer, checkUnreachedServer, DeadlineError } from "./api-server.ts";
import { checkBridges } from "./bridges.ts";
import { checkClock } from "./clock.ts";
import { checkNode } from "./node.ts";
import { checkPodLinks } from "./pod-links.ts";
import { checkPools, type PoolFacts } from "./pools.ts";
import { checkRights } from "./rights.ts";
import { checkRoutes } from "./routes.ts";

function node(name: string, ...podCidrs: readonly string[]): Node {
  return { name, podCidrs: podCidrs as readonly Cidr[] };
}

const NODES = known([node("a", "10.244.0.0/24"), node("b", "10.244.1.0/24")]);
const SILENT = unknown("no answer");

function route(cidr: string, changes: Partial<RouteMessage> = {}): RouteMessage {
  const [address = "", length] = cidr.split("/");
  return {
    destination: addressBytes(address as Address),
    prefixLength: Number(length),
    unicast: true,
    nextHops: [{ interface: 2, gateway: true, gatewayAddress: undefined }],
    protocol: 3,
    table: 254,
    scopeLink: false,
    ...changes,
  };
}

const ETH0 = { index: 2, name: "eth0" } as Link;

function network(...routes: readonly RouteMessage[]): Known<NetworkFacts> {
  return known({ routes, links: new Map([[2, ETH0]]) });
}

function place(pod: string, link: string | undefined, changes: Partial<PodPlace> = {}): PodPlace {
  return { pod, address: "10.244.0.2" as Address, link, gateway: false, bridge: false, ...changes };
}

const OWN = place("shop/web", "cali1");
const BRIDGED = place("shop/old", "cni0", { bridge: true });
const LOST = place("shop/lost", "eth0", { gateway: true });

const ROWS: readonly (readonly [what: string, finding: Finding, status: FindingStatus, words: RegExp])[] = [
  [
    "a node with a range",
    checkNode(NODES, "a", true),
    "ok",
    /^a is one of 2 nodes; its pods come from 10\.244\.0\.0\/24$/,
  ],
  ["no such node", checkNode(NODES, "A1", true), "failed", /no node A1: .* it knows a, b -> set NODENAME/],
  [
    "nearly such a node",
    checkNode(known([node("node-1")]), "node-2", true),
    "failed",
    /did you mean node-1\?/,
  ],
  [
    "no range, and pods of ours",
    checkNode(known([node("a")]), "a", true),
    "failed",
    /no pod CIDR .* --allocate-node-cidrs/,
  ],
  ["no range, and pods of others", checkNode(known([node("a")]), "a", false), "warning", /are not closed/],
  ["no nodes", checkNode(SILENT, "a", true), "not known", /^no answer$/],

  [
    "a route to each other node",
    checkRoutes(NODES, "a", network(route("10.244.1.0/24"))),
    "ok",
    /^to the pods of the other node by eth0$/,
  ],
  ["a wider route", checkRoutes(NODES, "a", network(route("10.244.0.0/16"))), "ok", /by eth0/],
  [
    "the default route",
    checkRoutes(NODES, "a", network(route("0.0.0.0/0"))),
    "warning",
    /default route \(eth0\).*10\.244\.1\.0\/24 \(b\)/,
  ],
  [
    "no route",
    checkRoutes(NODES, "a", network(route("10.245.0.0/16"))),
    "failed",
    /^no route leads to the pods in 10\.244\.1\.0\/24 \(b\) -> run flannel/,
  ],
  [
    "a route that drops",
    checkRoutes(NODES, "a", network(route("10.244.1.0/24", { unicast: false }), route("0.0.0.0/0"))),
    "failed",
    /^no route/,
  ],
  [
    "the first of two to the same pods",
    checkRoutes(NODES, "a", network(route("10.244.1.0/24"), route("10.244.1.0/24", { unicast: false }))),
    "ok",
    /by eth0/,
  ],
  [
    "two families, and a default route of one",
    checkRoutes(
      known([node("a"), node("b", "10.244.1.0/24", "fd00:1::/64")]),
      "a",
      network(route("10.244.0.0/16"), route("::/0")),
    ),
    "warning",
    /default route .* in fd00:1::\/64 \(b\)/,
  ],
  [
    "IPv6 alone, without a route",
    checkRoutes(known([node("a"), node("b", "fd00:1::/64")]), "a", network(route("0.0.0.0/0"))),
    "failed",
    /^no route .* fd00:1::\/64/,
  ],
  ["a node alone", checkRoutes(known([node("a", "10.244.0.0/24")]), "a", network()), "ok", /no other node/],
  [
    "other nodes without ranges",
    checkRoutes(known([node("a"), node("b")]), "a", network()),
    "not known",
    /pod CIDR yet/,
  ],

  [
    "pods of ours",
    checkPodLinks(known([OWN]), true),
    "ok",
    /^1 pod of this node, behind interfaces of their own$/,
  ],
  [
    "a pod on a bridge, unpoliced",
    checkPodLinks(known([OWN, BRIDGED]), true),
    "failed",
    /wired shop\/old behind cni0: no policy holds .* -> .*delete these pods/,
  ],
  [
    "a pod on a veth of others, unpoliced",
    checkPodLinks(known([place("x/y", "veth1")]), true),
    "failed",
    /x\/y behind veth1/,
  ],
  [
    "a pod on a bridge, policed",
    checkPodLinks(known([OWN, BRIDGED]), false),
    "ok",
    /^2 pods of this node, 1 of their addresses behind a bridge$/,
  ],
  ["a pod that is not here", checkPodLinks(known([OWN, LOST]), true), "warning", /leads to shop\/lost/],
  ["no pods", checkPodLinks(known([]), true), "ok", /^none/],

  ["all rights", checkRights(known([])), "ok", /all that the agent needs/],
  [
    "missing rights",
    checkRights(
      known(
        neededRights(true).filter(({ resource, verb }) => resource === "networkpolicies" || verb === "patch"),
      ),
    ),
    "failed",
    /may not patch pods\/status; get, list, watch networkpolicies\.networking\.k8s\.io|may not get, list, watch networkpolicies\.networking\.k8s\.io; patch pods\/status/,
  ],
  [
    "no right to annotate",
    checkRights(known(neededRights(true).filter(({ verb }) => verb === "patch"))),
    "warning",
    /TORTIE_PODANNOTATIONS=false/,
  ],

  ["a good clock", checkClock(known(-900)), "ok", /^agrees/],
  ["a bad clock", checkClock(known(60_000)), "warning", /^60 s behind the API server's/],
  ["a clock of last year", checkClock(known(-400_000)), "failed", /^400 s ahead of/],

  [
    "no connection",
    checkUnreachedServer(
      new ConnectionError("refused", { tried: "GET", found: "refused", next: "start it" }),
      undefined,
      10,
    ),
    "failed",
    /^GET: refused -> start it$/,
  ],
  [
    "silence",
    checkUnreachedServer(new DeadlineError("late"), "https://x", 10),
    "failed",
    /^https:\/\/x did not answer within 10 s/,
  ],
];

test.each(ROWS)("%s", (_, { status, found, mend }, wanted, words) => {
  expect(status).toBe(wanted);
  expect(mend === undefined ? found : `${found} -> ${mend}`).toMatch(words);
});

test("notices of the connection are warnings beside a server that answers", () => {
  const [notice, server] = checkReachedServer({
    server: "https://x",
    notices: ["not verified; next: give the authority"],
  });
  expect(notice).toMatchObject({ status: "warning", found: "not verified", mend: "give the authority" });
  expect(server).toMatchObject({ status: "ok", found: "https://x answers" });
});

const POOL = { cidr: "10.244.0.0/16" as Cidr, natOutgoing: true };
const POOLS: PoolFacts = {
  pools: [POOL],
  conditions: [],
  flannelNetworks: [],
  nodes: NODES,
  manageCni: true,
};

function pools(changes: Partial<PoolFacts>): string[] {
  return checkPools({ ...POOLS, ...changes }).map(
    ({ check, status, found }) => `${check} ${status}: ${found}`,
  );
}

test("pools, the ranges of all nodes and flannel's network are about the same addresses", () => {
  const alone = "pools ok: 10.244.0.0/16, masqueraded to outside";
  expect(pools({})).toEqual([`${alone}; the ranges of all 2 nodes lie in there`]);
  expect(pools({ nodes: SILENT })).toEqual([alone]);
  const strayed = known([node("a", "10.244.0.0/24", "fd00::/64"), node("b", "10.100.0.0/24")]);
  expect(pools({ nodes: strayed })).toEqual([
    expect.stringContaining(
      "pools failed: 10.244.0.0/16, masqueraded to outside; outside of that: 10.100.0.0/24 (b)",
    ),
  ]);
  expect(pools({ flannelNetworks: ["10.0.0.0/8" as Cidr] })[0]).toBe(
    "flannel ok: its network 10.0.0.0/8 holds the ranges of all nodes",
  );
  expect(pools({ flannelNetworks: ["10.1.0.0/16" as Cidr] })[0]).toContain(
    "flannel failed: its network 10.1.0.0/16 does not hold 10.244.0.0/24 (a)",
  );
  expect(pools({ pools: [] })[0]).toStartWith("pools warning: no pool is set");
  expect(pools({ pools: [], manageCni: false })[0]).toStartWith("pools ok: no pool is set");
  const [notice] = pools({ conditions: [{ kind: "notice", text: "twice" }] });
  expect(notice).toBe("pools warning: twice");
});

test("a bridge that pods are behind needs br_netfilter", () => {
  const endpoints = ["shop/old"] as never;
  const bridge = { name: "cni0", family: 4, callsHooks: { ipv4: false, ipv6: false }, endpoints } as const;
  const host = {
    kubeIpvs0: true,
    traces: [],
    bridgeCalls: { ipv4: "on", ipv6: "on" },
    ipv6: false,
    bridges: [bridge],
    outwardPorts: [],
  } as const;
  expect(checkBridges(known({ ...host, bridges: [] }), "drop")).toMatchObject([{ status: "ok" }]);
  expect(checkBridges(known(host), "drop")).toMatchObject([
    { status: "ok", found: expect.stringContaining("cni0") },
  ]);
  const [missing] = checkBridges(
    known({ ...host, bridgeCalls: { ipv4: "missing", ipv6: "missing" } }),
    "drop",
  );
  expect(missing).toMatchObject({
    status: "failed",
    mend: expect.stringContaining("load the module br_netfilter"),
  });
  expect(missing?.found).toEndWith("is missing");
  expect(checkBridges(SILENT, "drop")).toMatchObject([{ status: "not known" }]);
});
