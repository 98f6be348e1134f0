import { writeFileSync } from "node:fs";
import { type Address, addressFamily, type Family } from "../../model/address.ts";
import type { NetworkNamespace } from "../../native/network-namespace.ts";
import { LabError } from "./lab-error.ts";
import { NODE_ADDRESSES, type Place, type PodPlace, UPLINK_ADDRESSES, whole } from "./place.ts";

/** What every host end of a pod's link is called by the pod, as Calico does it: all links may share them. */
const HOST_END_MAC = "ee:ee:ee:ee:ee:ee";
const GATEWAY_IPV4 = "169.254.1.1";
/** The link-local address that the kernel makes of that MAC address (RFC 4291, appendix A). */
const GATEWAY_IPV6 = "fe80::ecee:eeff:feee:eeee";

/** Milliseconds; it takes less than one where the machine has time. */
const LINK_LIMIT = 10_000;

/** Addresses work at once (no duplicate address detection), and no host's habit of source checks leaks in. */
const HOST_SETTINGS: Readonly<Record<string, string>> = {
  "ipv4/conf/all/rp_filter": "0",
  "ipv4/conf/default/rp_filter": "0",
  "ipv6/conf/all/disable_ipv6": "0",
  "ipv6/conf/default/disable_ipv6": "0",
  "ipv6/conf/all/accept_dad": "0",
  "ipv6/conf/default/accept_dad": "0",
  "ipv6/conf/default/accept_ra": "0",
};
const ROUTER_SETTINGS: Readonly<Record<string, string>> = {
  "ipv4/ip_forward": "1",
  "ipv6/conf/all/forwarding": "1",
};

function set(network: NetworkNamespace, settings: Readonly<Record<string, string>>): void {
  network.run(() => {
    for (const [name, value] of Object.entries(settings)) writeFileSync(`/proc/sys/net/${name}`, value);
  });
}

function ip(network: NetworkNamespace, lines: readonly string[]): string {
  const { exitCode, stdout, stderr } = network.run(() => {
    try {
      return Bun.spawnSync(["ip", "-batch", "-"], { stdin: Buffer.from(`${lines.join("\n")}\n`) });
    } catch (error) {
      const next = "install it (package iproute2)";
      throw new LabError({ tried: "run the program `ip`", found: String(error), next });
    }
  });
  if (exitCode === 0) return stdout.toString();
  const next = "see the commands in demo/lab/wiring.ts; the kernel may lack veth or IPv6";
  throw new LabError({ tried: "build the lab's links with ip(8)", found: stderr.toString().trim(), next });
}

/** The end of a veth pair that was set up first drops everything until a kernel worker notices its peer. */
function waitForLinks(node: Place): void {
  const began = performance.now();
  for (;;) {
    const links = ip(node.network, ["link show type veth"]);
    if (links.match(/ state /g)?.length === links.match(/ state UP /g)?.length) return;
    if (performance.now() - began > LINK_LIMIT) {
      const next = "the machine may be overloaded: try again";
      throw new LabError({ tried: "wait for the lab's links", found: links, next });
    }
    Bun.sleepSync(1);
  }
}

/** `ip` commands inside a pod. Both families have a way out, so that a pod can forge what it does not have. */
export function podCommands(pod: PodPlace): string[] {
  const source = (family: Family): string => {
    const own = pod.addresses.find((address) => addressFamily(address) === family);
    return own === undefined ? "" : ` src ${own}`;
  };
  return [
    "link set lo up",
    "link set eth0 up",
    `neighbour replace ${GATEWAY_IPV4} lladdr ${HOST_END_MAC} dev eth0 nud permanent`,
    ...pod.addresses.map((address) =>
      addressFamily(address) === 4
        ? `address add ${whole(address)} dev eth0`
        : `address add ${whole(address)} dev eth0 nodad`,
    ),
    `route add ${GATEWAY_IPV4} dev eth0 scope link`,
    `route add default via ${GATEWAY_IPV4} dev eth0${source(4)}`,
    `route add default via ${GATEWAY_IPV6} dev eth0${source(6)}`,
  ];
}

/** `ip` commands that make a pod's link in the node, whose routes lead to the pod by interface. */
export function hostEndCommands(pod: PodPlace): string[] {
  const name = pod.interfaceName;
  return [
    `link add ${name} address ${HOST_END_MAC} type veth peer name eth0 netns ${pod.network.path}`,
    `link set ${name} up`,
    ...pod.addresses.map((address) => `route add ${whole(address)} dev ${name} scope link`),
  ];
}

function uplinkAddresses(addresses: readonly Address[]): string[] {
  return addresses.map((address) =>
    addressFamily(address) === 4
      ? `address add ${address}/24 dev uplink`
      : `address add ${address}/64 dev uplink nodad`,
  );
}

const [uplinkIPv4, uplinkIPv6] = UPLINK_ADDRESSES;
const [nodeIPv4, nodeIPv6] = NODE_ADDRESSES;

/** `ip` commands of the node: its uplink, the routes to the hosts beyond it, its own further addresses. */
export function nodeCommands(node: Place, outside: Place): string[] {
  return [
    "link set lo up",
    `link add uplink type veth peer name uplink netns ${outside.network.path}`,
    ...uplinkAddresses(NODE_ADDRESSES),
    "link set uplink up",
    ...node.addresses
      .filter((address) => !NODE_ADDRESSES.includes(address))
      .map((address) => `address add ${whole(address)} dev lo`),
    ...outside.addresses.map((address) =>
      addressFamily(address) === 4
        ? `route add ${whole(address)} via ${uplinkIPv4}`
        : `route add ${whole(address)} via ${uplinkIPv6}`,
    ),
  ];
}

/** `ip` commands of the host that stands for everything beyond the node. */
export function outsideCommands(outside: Place): string[] {
  return [
    "link set lo up",
    "link set uplink up",
    ...uplinkAddresses(UPLINK_ADDRESSES),
    ...outside.addresses.map((address) => `address add ${whole(address)} dev lo`),
    `route add default via ${nodeIPv4}`,
    `route add default via ${nodeIPv6}`,
  ];
}

/** Wires everything: three runs of `ip` and one for every pod. */
export function wire(node: Place, outside: Place, pods: readonly PodPlace[]): void {
  for (const { network } of [node, outside, ...pods]) set(network, HOST_SETTINGS);
  set(node.network, ROUTER_SETTINGS);
  ip(node.network, [...nodeCommands(node, outside), ...pods.flatMap(hostEndCommands)]);
  ip(outside.network, outsideCommands(outside));
  for (const pod of pods) ip(pod.network, podCommands(pod));
  waitForLinks(node);
}
