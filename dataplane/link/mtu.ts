import { type Address, addressBytes } from "../../model/address.ts";
import { type Cidr, cidrFamily } from "../../model/cidr.ts";
import type { Link } from "../../native/link-message.ts";
import type { RouteMessage } from "../../native/route-message.ts";

/** Where nothing says otherwise: Ethernet's. */
export const DEFAULT_MTU = 1500;
/** Every host takes packets of this size (RFC 791); anything below is a mistake. */
const SMALLEST_MTU = 68;
const LARGEST_MTU = 65_535;

/** Kinds of links that lead to other nodes without a gateway. */
const TUNNELS: ReadonlySet<string> = new Set([
  "vxlan",
  "geneve",
  "wireguard",
  "ipip",
  "ip6tnl",
  "sit",
  "gre",
  "gretap",
  "ip6gre",
  "ip6gretap",
  "vti",
  "vti6",
  "xfrm",
  "tun",
]);
const POD_PREFIX = "cali";
/** Of routes that the kernel makes for an interface's own address (rtm_protocol). */
const BY_KERNEL = 2;

export interface LinkMtuFacts {
  /** Of the main table; those that say nothing about it are passed over. */
  readonly routes: readonly RouteMessage[];
  readonly link: (index: number) => Link | undefined;
  /** Of this node. */
  readonly podCidrs: readonly Cidr[];
}

/** What the host's links and routes suggest. */
export interface LinkMtu {
  /** Bytes; the smallest of all. */
  readonly mtu: number;
  /** The interface that has it. */
  readonly from: string;
  /** Whether a route to other nodes' pods was found; false: default routes are all there was. */
  readonly podNetwork: boolean;
  /** Numbers of the interfaces that were looked at. */
  readonly links: ReadonlySet<number>;
}

/** All that the MTU of pods is made of; undefined: nothing is known of that kind. */
export interface MtuSources {
  /** What people set. */
  readonly fixed: number | undefined;
  /** What flannel wrote. */
  readonly flannel: number | undefined;
  readonly links: LinkMtu | undefined;
  /** What it was before the agent's start, while that may still count. */
  readonly kept: number | undefined;
}

/** The MTU of pods, and what it is from, for a log. */
export interface PodMtu {
  readonly mtu: number;
  readonly from: string;
}

/** The lengths of routes that may say something: of default routes, and of routes to other nodes' pods. */
export function mtuPrefixLengths(podCidrs: readonly Cidr[], family: 4 | 6): ReadonlySet<number> {
  const own = podCidrs.filter((cidr) => cidrFamily(cidr) === family);
  return new Set([0, ...own.map((cidr) => Number(cidr.slice(cidr.indexOf("/") + 1)))]);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

function isOwn({ destination }: RouteMessage, podCidrs: readonly Cidr[]): boolean {
  return podCidrs.some((cidr) => {
    const first = cidr.slice(0, cidr.indexOf("/")) as Address;
    return sameBytes(addressBytes(first), destination);
  });
}

/**
 * All nodes of a cluster have pod ranges of one length, so a route of that length which leaves the link, by a gateway or a
 * tunnel, is taken for one to another node's pods: where it is not, pods have smaller packets than they could.
 */
function leadsToPods({ gateway }: { readonly gateway: boolean }, link: Link): boolean {
  return !link.name.startsWith(POD_PREFIX) && (gateway || TUNNELS.has(link.kind));
}

/** Undefined: no route says anything. */
export function linkMtu({ routes, link, podCidrs }: LinkMtuFacts): LinkMtu | undefined {
  let smallest: PodMtu | undefined;
  let podNetwork = false;
  const links = new Set<number>();
  const lengths = { 4: mtuPrefixLengths(podCidrs, 4), 6: mtuPrefixLengths(podCidrs, 6) };
  for (const route of routes) {
    const family = route.destination.length === 4 ? 4 : 6;
    if (!route.unicast || !lengths[family].has(route.prefixLength)) continue;
    const isDefault = route.prefixLength === 0;
    // Networks on a link: of a VPN, say, or the link-local one that every interface has.
    if (!isDefault && (route.protocol === BY_KERNEL || isOwn(route, podCidrs))) continue;
    for (const hop of route.nextHops) {
      const found = link(hop.interface);
      if (found === undefined || (!isDefault && !leadsToPods(hop, found))) continue;
      links.add(found.index);
      if (!isDefault) podNetwork = true;
      if (found.mtu < SMALLEST_MTU || found.mtu >= (smallest?.mtu ?? Infinity)) continue;
      smallest = { mtu: found.mtu, from: found.name };
    }
  }
  return smallest && { ...smallest, podNetwork, links };
}

/**
 * What people set, else the smallest that is known. After a boot flannel may come later than the first pods: until anything
 * tells of the pods' network, a smaller one from before still counts.
 */
export function podMtu({ fixed, flannel, links, kept }: MtuSources): PodMtu {
  if (fixed !== undefined) return { mtu: fixed, from: "CNI_MTU" };
  const known = [
    ...(flannel === undefined ? [] : [{ mtu: flannel, from: "FLANNEL_MTU" }]),
    ...(links === undefined ? [] : [{ mtu: links.mtu, from: links.from }]),
  ];
  const podNetwork = flannel !== undefined || links?.podNetwork === true;
  if (kept !== undefined && !podNetwork) known.push({ mtu: kept, from: "kept from the last run" });
  const [smallest = { mtu: DEFAULT_MTU, from: "no uplink: 1500" }] = known.toSorted((a, b) => a.mtu - b.mtu);
  return smallest;
}

/** A number of bytes that can be an MTU, as files have it; undefined if it is none. */
export function parseMtu(text: string): number | undefined {
  if (!/^\s*\d{1,5}\s*$/.test(text)) return undefined;
  const mtu = Number(text);
  return mtu >= SMALLEST_MTU && mtu <= LARGEST_MTU ? mtu : undefined;
}

/** What flannel's subnet.env says; undefined: nothing that could be read. */
export function flannelMtu(text: string): number | undefined {
  const found = /^FLANNEL_MTU=(?:"(\d+)"|(\d+))\s*$/m.exec(text);
  return found === null ? undefined : parseMtu(found[1] ?? found[2] ?? "");
}
