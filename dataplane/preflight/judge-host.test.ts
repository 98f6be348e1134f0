import { expect, test } from "bun:test";
import type { EndpointId } from "../../model/endpoint.ts";
import type { BridgeUse } from "../route/placement.ts";
import type { HostFacts } from "./host-facts.ts";
import { judgeHost } from "./judge-host.ts";

const CALM: HostFacts = {
  kubeIpvs0: false,
  traces: [],
  bridgeCalls: { ipv4: "missing", ipv6: "missing" },
  ipv6: false,
  bridges: [],
  outwardPorts: [],
};

const NO_HOOKS = { ipv4: false, ipv6: false };

function bridge(changes: Partial<BridgeUse> = {}): BridgeUse {
  const endpoints = ["shop/web"] as EndpointId[];
  return { name: "cni0", family: 4, callsHooks: NO_HOOKS, endpoints, ...changes };
}

function texts(facts: Partial<HostFacts>, unknownEndpoint: "drop" | "accept" = "drop"): string[] {
  const conditions = judgeHost({ ...CALM, ...facts }, unknownEndpoint);
  expect(conditions.every(({ kind }) => kind === "failure")).toBe(true);
  return conditions.map(({ text }) => text);
}

test("a host with nothing strange has no conditions, br_netfilter or not", () => {
  expect(texts({})).toEqual([]);
});

test("kube-proxy in IPVS mode is named, with why and what to do", () => {
  const [text, ...others] = texts({ kubeIpvs0: true });
  expect(others).toEqual([]);
  expect(text).toBe(
    "interface kube-ipvs0 exists: kube-proxy runs in IPVS mode, or once did. IPVS hands packets to Services from the " +
      "input hook straight to the output hook, past the forward hook where policies of the receiving pod are judged, " +
      "so this mode is not supported; run kube-proxy in nftables or iptables mode, then remove the interface " +
      "(ip link delete kube-ipvs0)",
  );
});

test("another enforcer is named once, with all its traces", () => {
  const traces = [
    { enforcer: "Calico", trace: "nftables table ip calico" },
    { enforcer: "Cilium", trace: "interface cilium_host" },
    { enforcer: "Calico", trace: "iptables chain cali-FORWARD" },
  ];
  const [calico, cilium, ...others] = texts({ traces });
  expect(others).toEqual([]);
  expect(calico).toBe(
    "Calico enforces network policies on this node, or left traces behind (found nftables table ip calico, iptables " +
      "chain cali-FORWARD): a packet must please both, and names alone do not tell whether its rules still drop; switch " +
      "its policies off or uninstall it, then remove what it left, for example by a restart of the node",
  );
  expect(cilium).toStartWith("Cilium enforces network policies on this node");
});

test("pods behind a bridge need the host's switch of their family", () => {
  const endpoints = ["shop/web", "shop/database", "shop/cache"] as EndpointId[];
  const facts = { bridges: [bridge({ endpoints })], bridgeCalls: { ipv4: "missing", ipv6: "on" } } as const;
  expect(texts(facts)).toEqual([
    "pods on bridge cni0 (shop/web and 2 more) are not policed among themselves over IPv4: their packets pass no hook, " +
      "since /proc/sys/net/bridge/bridge-nf-call-iptables is missing; load the module br_netfilter (modprobe " +
      "br_netfilter), and see that net.bridge.bridge-nf-call-iptables is 1",
  ]);
  expect(texts({ ...facts, bridgeCalls: { ipv4: "on", ipv6: "missing" } })).toEqual([]);
  const ipv6 = { bridges: [bridge({ family: 6 })], bridgeCalls: { ipv4: "on", ipv6: "off" } } as const;
  expect(texts(ipv6)).toEqual([
    "pods on bridge cni0 (shop/web) are not policed among themselves over IPv6: their packets pass no hook, since " +
      "/proc/sys/net/bridge/bridge-nf-call-ip6tables is 0; set this switch of the module br_netfilter to 1 (sysctl -w " +
      "net.bridge.bridge-nf-call-ip6tables=1) in the network namespace of the host",
  ]);
});

test("a bridge's own switch serves where the host's is off, and does nothing without the module", () => {
  const bridges = [bridge({ callsHooks: { ipv4: true, ipv6: false } })];
  expect(texts({ bridges, bridgeCalls: { ipv4: "off", ipv6: "off" } })).toEqual([]);
  expect(texts({ bridges })).toHaveLength(1);
  // That of the other family does not serve.
  const other = [bridge({ callsHooks: { ipv4: false, ipv6: true } })];
  expect(texts({ bridges: other, bridgeCalls: { ipv4: "off", ipv6: "off" } })).toHaveLength(1);
});

test("pods of IPv4 behind a bridge need the switch of IPv6, too, for their link-local addresses", () => {
  const endpoints = ["shop/web", "shop/database"] as EndpointId[];
  const facts = { ipv6: true, bridges: [bridge({ endpoints })] };
  const beginning =
    "pods on bridge cni0 (shop/web and 1 more) are not policed among themselves over link-local IPv6, which pods without " +
    "another IPv6 address have, too: their packets pass no hook, since /proc/sys/net/bridge/bridge-nf-call-ip6tables ";
  const end = ", or leave such addresses open with FELIX_UNKNOWNENDPOINTACTION=Accept";
  const off = { ...facts, bridgeCalls: { ipv4: "on", ipv6: "off" } } as const;
  expect(texts(off)).toEqual([
    `${beginning}is 0; set this switch of the module br_netfilter to 1 (sysctl -w net.bridge.bridge-nf-call-ip6tables=1) ` +
      `in the network namespace of the host${end}`,
  ]);
  expect(texts({ ...facts, bridgeCalls: { ipv4: "missing", ipv6: "missing" } })).toEqual([
    expect.stringContaining("over IPv4"),
    `${beginning}is missing; load the module br_netfilter (modprobe br_netfilter), and see that ` +
      `net.bridge.bridge-nf-call-ip6tables is 1${end}`,
  ]);
  expect(texts({ ...facts, bridgeCalls: { ipv4: "off", ipv6: "on" } })).toEqual([
    expect.stringContaining("over IPv4"),
  ]);
  expect(texts({ ...off, bridges: [bridge({ callsHooks: { ipv4: false, ipv6: true } })] })).toEqual([]);
  // Nobody has such an address, or they are open by choice.
  expect(texts({ ...off, ipv6: false })).toEqual([]);
  expect(texts(off, "accept")).toEqual([]);
  // One failure says it for all of IPv6, of the bridge that it is about.
  expect(texts({ ...off, bridges: [bridge(), bridge({ family: 6 })] })).toEqual([
    expect.stringContaining("over IPv6: "),
  ]);
  expect(texts({ ...off, bridges: [bridge(), bridge({ family: 6, name: "cni1" })] })).toEqual([
    expect.stringMatching(/cni0 .* over link-local IPv6/),
    expect.stringMatching(/cni1 .* over IPv6: /),
  ]);
});

test("a pods' bridge that is the node's way out, too, is a notice", () => {
  const facts = { ...CALM, outwardPorts: [{ bridge: "br0", port: "eth0" }] };
  expect(judgeHost(facts, "accept")).toEqual([]);
  expect(judgeHost(facts, "drop")).toEqual([
    {
      kind: "notice",
      text:
        "bridge br0, which pods are behind, has the port eth0: link-local IPv6 addresses are closed there, for no policy " +
        "knows whose they are, so the node gets no router advertisements and no DHCPv6 over it; give the node its IPv6 " +
        "addresses and routes by hand, or another interface, or leave such addresses open with " +
        "FELIX_UNKNOWNENDPOINTACTION=Accept",
    },
  ]);
});
