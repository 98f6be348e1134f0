import type { Family } from "../../model/address.ts";
import type { BridgeUse } from "../route/placement.ts";
import type { HostCondition } from "./condition.ts";
import type { BridgeSwitch, EnforcerTrace, HostFacts, OutwardPort } from "./host-facts.ts";

const IPVS =
  "interface kube-ipvs0 exists: kube-proxy runs in IPVS mode, or once did. IPVS hands packets to Services from the " +
  "input hook straight to the output hook, past the forward hook where policies of the receiving pod are judged, so this mode is not " +
  "supported; run kube-proxy in nftables or iptables mode, then remove the interface (ip link delete kube-ipvs0)";

function enforcerText(name: string, traces: readonly string[]): string {
  return (
    `${name} enforces network policies on this node, or left traces behind (found ${traces.join(", ")}): a packet must ` +
    `please both, and names alone do not tell whether its rules still drop; switch its policies off or uninstall it, ` +
    `then remove what it left, for example by a restart of the node`
  );
}

function enforcers(traces: readonly EnforcerTrace[]): string[] {
  const byName = Map.groupBy(traces, ({ enforcer }) => enforcer);
  return [...byName].map(([name, found]) =>
    enforcerText(
      name,
      found.map(({ trace }) => trace),
    ),
  );
}

function endpointsText([first, ...others]: BridgeUse["endpoints"]): string {
  return others.length === 0 ? `${first}` : `${first} and ${others.length} more`;
}

function noHookText(family: Family, state: BridgeSwitch): string {
  const setting = family === 4 ? "bridge-nf-call-iptables" : "bridge-nf-call-ip6tables";
  const sysctl = `net.bridge.${setting}`;
  const [found, next] =
    state === "missing"
      ? ["is missing", `load the module br_netfilter (modprobe br_netfilter), and see that ${sysctl} is 1`]
      : [
          "is 0",
          `set this switch of the module br_netfilter to 1 (sysctl -w ${sysctl}=1) in the network namespace of the host`,
        ];
  return `their packets pass no hook, since /proc/sys/net/bridge/${setting} ${found}; ${next}`;
}

function bridgeText({ name, family, endpoints }: BridgeUse, state: BridgeSwitch): string {
  return (
    `pods on bridge ${name} (${endpointsText(endpoints)}) are not policed among themselves over IPv${family}: ` +
    noHookText(family, state)
  );
}

function linkLocalText({ name, endpoints }: BridgeUse, state: BridgeSwitch): string {
  return (
    `pods on bridge ${name} (${endpointsText(endpoints)}) are not policed among themselves over link-local IPv6, which pods ` +
    `without another IPv6 address have, too: ${noHookText(6, state)}, or leave such addresses open with ` +
    `FELIX_UNKNOWNENDPOINTACTION=Accept`
  );
}

/** The state of the switch that keeps packets between the bridge's ports from the hooks of the family, if one does. */
function closedSwitch(
  { callsHooks }: BridgeUse,
  family: Family,
  { bridgeCalls }: HostFacts,
): BridgeSwitch | undefined {
  const [state, own] =
    family === 4 ? [bridgeCalls.ipv4, callsHooks.ipv4] : [bridgeCalls.ipv6, callsHooks.ipv6];
  // A bridge's own switch does nothing without the module.
  return state === "on" || (state === "off" && own) ? undefined : state;
}

function bridgeTexts(facts: HostFacts, closesLinkLocal: boolean): string[] {
  const overIPv6 = new Set(facts.bridges.filter(({ family }) => family === 6).map(({ name }) => name));
  return facts.bridges.flatMap((bridge) => {
    const own = closedSwitch(bridge, bridge.family, facts);
    const texts = own === undefined ? [] : [bridgeText(bridge, own)];
    if (!closesLinkLocal || !facts.ipv6 || overIPv6.has(bridge.name)) return texts;
    const linkLocal = closedSwitch(bridge, 6, facts);
    return linkLocal === undefined ? texts : [...texts, linkLocalText(bridge, linkLocal)];
  });
}

function outwardText({ bridge, port }: OutwardPort): string {
  return (
    `bridge ${bridge}, which pods are behind, has the port ${port}: link-local IPv6 addresses are closed there, for no policy ` +
    `knows whose they are, so the node gets no router advertisements and no DHCPv6 over it; give the node its IPv6 ` +
    `addresses and routes by hand, or another interface, or leave such addresses open with ` +
    `FELIX_UNKNOWNENDPOINTACTION=Accept`
  );
}

/**
 * What must be said about a host; the order is that of the facts, equal facts give equal words. Where unknown endpoints
 * are accepted, link-local addresses are open anyway, and nothing is said of them.
 */
export function judgeHost(facts: HostFacts, unknownEndpoint: "drop" | "accept"): HostCondition[] {
  const closesLinkLocal = unknownEndpoint === "drop";
  const failures = [
    ...(facts.kubeIpvs0 ? [IPVS] : []),
    ...enforcers(facts.traces),
    ...bridgeTexts(facts, closesLinkLocal),
  ];
  const notices = closesLinkLocal ? facts.outwardPorts.map(outwardText) : [];
  return [
    ...failures.map((text): HostCondition => ({ kind: "failure", text })),
    ...notices.map((text): HostCondition => ({ kind: "notice", text })),
  ];
}
