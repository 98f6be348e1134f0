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

function bridgeText({ name, family, endpoints }: BridgeUse, state: BridgeSwitch): string {
  const setting = family === 4 ? "bridge-nf-call-iptables" : "bridge-nf-call-ip6tables";
  const sysctl = `net.bridge.${setting}`;
  const [found, next] =
    state === "missing"
      ? ["is missing", `load the module br_netfilter (modprobe br_netfilter), and see that ${sysctl} is 1`]
      : ["is 0", `set it to 1 (sysctl -w ${sysctl}=1) in the network namespace of the host`];
  return (
    `pods on bridge ${name} (${endpointsText(endpoints)}) are not policed among themselves over IPv${family}: their ` +
    `packets pass no hook, since /proc/sys/net/bridge/${setting} ${found}; ${next}`
  );
}

function outwardText({ bridge, port }: OutwardPort): string {
  return (
    `bridge ${bridge}, which pods are behind, has the port ${port}: link-local IPv6 addresses are closed there, for no policy ` +
    `knows whose they are, so the node gets no router advertisements and no DHCPv6 over it; give the node its IPv6 ` +
    `addresses and routes by hand, or another interface, or leave such addresses open with ` +
    `FELIX_UNKNOWNENDPOINTACTION=Accept`
  );
}

/** What must be said about a host; the order is that of the facts, equal facts give equal words. */
export function judgeHost(facts: HostFacts): HostCondition[] {
  const { kubeIpvs0, traces, bridgeCalls, bridges, outwardPorts } = facts;
  const failures = [...(kubeIpvs0 ? [IPVS] : []), ...enforcers(traces)];
  for (const bridge of bridges) {
    const state = bridge.family === 4 ? bridgeCalls.ipv4 : bridgeCalls.ipv6;
    // A bridge's own switch does nothing without the module.
    if (state === "on" || (state === "off" && bridge.callsHooks)) continue;
    failures.push(bridgeText(bridge, state));
  }
  return [
    ...failures.map((text): HostCondition => ({ kind: "failure", text })),
    ...outwardPorts.map((port): HostCondition => ({ kind: "notice", text: outwardText(port) })),
  ];
}
