import { readdirSync, readlinkSync } from "node:fs";
import { configurePodLink } from "../../../dataplane/link/configure-pod-link.ts";
import { createPodLink } from "../../../dataplane/link/create-pod-link.ts";
import type { CreatedPodLink, PodNetworkPlan } from "../../../dataplane/link/pod-link.ts";
import { raisePodLink } from "../../../dataplane/link/raise-pod-link.ts";
import { type Address, addressBytes } from "../../../model/address.ts";
import { podInterfaceName } from "../../../model/fingerprint.ts";
import { NetworkNamespace } from "../../../native/network-namespace.ts";
import { pollSockets, ProbeSocket } from "../../../native/probe-socket.ts";
import { ip, setSysctl } from "../other-cni/commands.ts";

/** Milliseconds; an answer takes less than one where the machine has time. */
const ANSWER_LIMIT = 5_000;
const PORT = 4_242;

export const NODE_ADDRESSES = ["192.0.2.1", "2001:db8:2::1"] as Address[];

/** A pod that the code under test wires. */
export interface WiredPod {
  readonly namespace: NetworkNamespace;
  readonly plan: PodNetworkPlan;
}

/** A node that has its own addresses and no default route. */
export function createNode(): NetworkNamespace {
  const node = NetworkNamespace.create();
  setSysctl(node, "net/ipv4/ip_forward", "1");
  setSysctl(node, "net/ipv6/conf/all/forwarding", "1");
  ip(node, "link set lo up", ...NODE_ADDRESSES.map((address) => `address add ${address} dev lo`));
  return node;
}

export function podPlan(
  namespace: NetworkNamespace,
  name: string,
  addresses: readonly string[],
  changes: Partial<PodNetworkPlan> = {},
): PodNetworkPlan {
  return {
    namespace,
    hostInterface: podInterfaceName("shop", name),
    podInterface: "eth0",
    mtu: 1450,
    containerId: `container-of-${name}`,
    addresses: addresses as Address[],
    allowForwarding: false,
    ...changes,
  };
}

/** Wires it from the node, as the plugin does. */
export function wirePod(node: NetworkNamespace, plan: PodNetworkPlan): CreatedPodLink {
  return node.run(() => {
    const link = createPodLink(plan);
    configurePodLink(plan, link);
    raisePodLink(plan, link);
    return link;
  });
}

export interface Question {
  readonly from: { readonly network: NetworkNamespace; readonly address: Address };
  readonly to: { readonly network: NetworkNamespace; readonly address: Address };
  /** Of the datagram and of its answer, without headers. */
  readonly bytes?: number;
}

/**
 * Sends one datagram and its answer, both without fragments where they have as many bytes as fit: false where either
 * could not be sent or did not come.
 */
export function answers({ from, to, bytes = 4 }: Question): boolean {
  const end = ({ address }: { readonly address: Address }) => ({
    address: addressBytes(address),
    port: PORT,
  });
  using asker = from.network.run(() => ProbeSocket.bindUdp(end(from)));
  using answerer = to.network.run(() => ProbeSocket.bindUdp(end(to)));
  const passes = (sender: ProbeSocket, receiver: ProbeSocket, target: Question["from"]): boolean => {
    if (!sender.send(new Uint8Array(bytes), end(target))) return false;
    const [ready] = pollSockets([{ socket: receiver, until: "readable" }], ANSWER_LIMIT);
    return ready?.socket.receive()?.bytes.length === bytes;
  };
  return passes(asker, answerer, to) && passes(answerer, asker, from);
}

/** How many sockets and namespaces this process has open; what Bun opens for itself comes and goes. */
export function openDescriptors(): number {
  const targets = readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      // The directory's own.
      return "";
    }
  });
  return targets.filter((target) => target.startsWith("socket:") || target.startsWith("net:")).length;
}
