import { probeFlows } from "../../../demo/lab/probe.ts";
import { type LabFlow, resolveFlow } from "../../../demo/lab/flow.ts";
import { NODE_ADDRESSES, OUTSIDE_ADDRESSES, type Place, type PodPlace } from "../../../demo/lab/place.ts";
import { Servers } from "../../../demo/lab/servers.ts";
import { SourcePorts } from "../../../demo/lab/source-ports.ts";
import { hostEndCommands, nodeCommands, outsideCommands, podCommands } from "../../../demo/lab/wiring.ts";
import type { Address } from "../../../model/address.ts";
import { INTERFACE_PREFIX, type InterfaceName } from "../../../model/fingerprint.ts";
import { NetworkNamespace } from "../../../native/network-namespace.ts";
import { ip, setSysctl } from "./commands.ts";

export const BRIDGE = "cni0";
/** Where the pods on the bridge have their addresses from; the first of each is the bridge's own. */
export const BRIDGE_RANGES: readonly string[] = ["10.66.0.0/24", "fd00:66::/64"];
export const GATEWAYS: readonly Address[] = ["10.66.0.1", "fd00:66::1"] as Address[];
/** The same for pods on veth pairs of their own. */
export const VETH_RANGES: readonly string[] = ["10.67.0.0/24", "fd00:67::/64"];

/** A pod as another CNI wires it: on the bridge, or on a veth pair whose name says nothing; or one of ours. */
export interface WiredPod {
  readonly key: string;
  readonly wiring: "bridge" | "veth" | "cali";
}

/** A node that other CNIs wired. */
export interface OtherCniLab extends Disposable {
  readonly node: Place;
  readonly outside: Place;
  /** By key; `interfaceName` of a pod on the bridge is its port. Whoever wires another pod puts it in. */
  readonly pods: Map<string, PodPlace>;
  /** One more namespace, set up like those of the pods; it closes with the lab. */
  network(): NetworkNamespace;
  /** Whether each flow's first packet gets through. */
  probe(flows: readonly LabFlow[]): Promise<boolean[]>;
}

const SETTINGS: Readonly<Record<string, string>> = {
  "net/ipv4/conf/all/rp_filter": "0",
  "net/ipv4/conf/default/rp_filter": "0",
  "net/ipv6/conf/all/disable_ipv6": "0",
  "net/ipv6/conf/default/disable_ipv6": "0",
  "net/ipv6/conf/all/accept_dad": "0",
  "net/ipv6/conf/default/accept_dad": "0",
  "net/ipv6/conf/default/accept_ra": "0",
};
const ROUTER_SETTINGS: Readonly<Record<string, string>> = {
  "net/ipv4/ip_forward": "1",
  "net/ipv6/conf/all/forwarding": "1",
  "net/bridge/bridge-nf-call-iptables": "1",
  "net/bridge/bridge-nf-call-ip6tables": "1",
};
const LINKS_MILLISECONDS = 10_000;

function set(network: NetworkNamespace, settings: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(settings)) setSysctl(network, name, value);
}

function podPlace({ key, wiring }: WiredPod, index: number, network: NetworkNamespace): PodPlace {
  const [net, host] = [wiring === "bridge" ? "66" : "67", index + 10];
  const addresses = [`10.${net}.0.${host}`, `fd00:${net}::${host.toString(16)}`] as Address[];
  const prefix = wiring === "cali" ? INTERFACE_PREFIX : "veth";
  return {
    key,
    network,
    addresses,
    interfaceName: `${prefix}${(0xabc0 + index).toString(16)}` as InterfaceName,
  };
}

function wireToBridge(node: Place, pod: PodPlace): void {
  const [ipv4 = "", ipv6 = ""] = pod.addresses;
  ip(
    node.network,
    `link add ${pod.interfaceName} type veth peer name eth0 netns ${pod.network.path}`,
    `link set ${pod.interfaceName} master ${BRIDGE}`,
    `link set ${pod.interfaceName} up`,
  );
  ip(
    pod.network,
    "link set lo up",
    "link set eth0 up",
    `address add ${ipv4}/24 dev eth0`,
    `address add ${ipv6}/64 dev eth0 nodad`,
    ...GATEWAYS.map((gateway) => `route add default via ${gateway}`),
  );
}

function wireAlone(node: Place, pod: PodPlace): void {
  ip(node.network, ...hostEndCommands(pod));
  ip(pod.network, ...podCommands(pod));
}

/** The end of a veth pair that was set up first drops everything until a kernel worker notices its peer. */
function waitForLinks({ network }: Place): void {
  const limit = performance.now() + LINKS_MILLISECONDS;
  for (;;) {
    const links = ip(network, "link show");
    const slow = links
      .split("\n")
      .filter((line) => / state /.test(line) && !/ state (UP|UNKNOWN) /.test(line));
    if (slow.length === 0) return;
    if (performance.now() > limit) throw new Error(`links are not up: ${slow.join("\n")}`);
    Bun.sleepSync(1);
  }
}

function addBridge({ network }: Place): void {
  ip(
    network,
    `link add ${BRIDGE} type bridge forward_delay 0`,
    `address add ${GATEWAYS[0]}/24 dev ${BRIDGE}`,
    `address add ${GATEWAYS[1]}/64 dev ${BRIDGE} nodad`,
    `link set ${BRIDGE} up`,
  );
}

function wirePods(node: Place, pods: readonly WiredPod[], network: () => NetworkNamespace): PodPlace[] {
  return pods.map((pod, index) => {
    const place = podPlace(pod, index, network());
    if (pod.wiring === "bridge") wireToBridge(node, place);
    else wireAlone(node, place);
    return place;
  });
}

/**
 * A node with pods on veth pairs, and on a bridge that asks the hooks of IP about its packets. Without pods there is no
 * bridge either.
 */
export function createOtherCniLab(wanted: readonly WiredPod[]): OtherCniLab {
  using building = new DisposableStack();
  const later = new DisposableStack();
  const networkOf = (stack: DisposableStack): NetworkNamespace => {
    const made = stack.use(NetworkNamespace.create());
    set(made, SETTINGS);
    return made;
  };
  const network = (): NetworkNamespace => networkOf(building);
  const addresses = wanted.length === 0 ? NODE_ADDRESSES : [...NODE_ADDRESSES, ...GATEWAYS];
  const node: Place = { key: "node", network: network(), addresses };
  const outside: Place = { key: "outside", network: network(), addresses: OUTSIDE_ADDRESSES };
  set(node.network, ROUTER_SETTINGS);
  ip(node.network, ...nodeCommands({ ...node, addresses: NODE_ADDRESSES }, outside));
  ip(outside.network, ...outsideCommands(outside));
  if (wanted.length > 0) addBridge(node);
  const pods = new Map(wirePods(node, wanted, network).map((place) => [place.key, place]));
  waitForLinks(node);
  const servers = building.use(new Servers());
  const ground = { node, outside, servers, ports: new SourcePorts() };
  const places = (): Map<string, Place> =>
    new Map<string, Place>([...pods, ["node", node], ["outside", outside]]);
  building.use(later);
  const resources = building.move();
  return {
    node,
    outside,
    pods,
    network: () => networkOf(later),
    probe: (flows) => {
      const all = places();
      return probeFlows(
        ground,
        flows.map((flow) => resolveFlow(all, flow)),
      );
    },
    [Symbol.dispose]: () => resources.dispose(),
  };
}
