import { macAddressText } from "./mac-address.ts";
import {
  attributeNumberHost,
  attributeString,
  netlinkAttributes,
  type NetlinkMessage,
} from "./netlink-messages.ts";

export const RTM_NEWLINK = 16;
export const RTM_DELLINK = 17;
const IFINFOMSG = 16;
const IFF_UP = 1;
const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
const IFLA_LINK = 5;
const IFLA_MASTER = 10;
const IFLA_OPERSTATE = 16;
const IFLA_LINKINFO = 18;
const IFLA_IFALIAS = 20;
const IFLA_LINK_NETNSID = 37;
const IF_OPER_UP = 6;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const IFLA_BR_NF_CALL_IPTABLES = 36;
const IFLA_BR_NF_CALL_IP6TABLES = 37;

/** A network interface of the host. */
export interface Link {
  readonly index: number;
  readonly name: string;
  /** The driver's word, for example `veth` or `bridge`; empty for hardware and the loopback. */
  readonly kind: string;
  /** Number of the bridge, bond or VRF that it belongs to. */
  readonly master: number | undefined;
  /** Whatever text somebody wrote beside it; empty: none. Of our links the ID of the container. */
  readonly alias: string;
  /** Bytes. */
  readonly mtu: number;
  /** For example `ee:ee:ee:ee:ee:ee`; empty where its kind has none. */
  readonly macAddress: string;
  /** Somebody wants it to work (IFF_UP). */
  readonly up: boolean;
  /** It does work, as far as the kernel knows. */
  readonly operational: boolean;
  /**
   * Of a veth the other end, of other kinds what it sits on. `namespaceId`: the number that this network namespace has for
   * the one that it is in; undefined: it is in this one.
   */
  readonly peer: { readonly index: number; readonly namespaceId: number | undefined } | undefined;
  /** A bridge's own switches: whether its packets meet the hooks of IPv4 and of IPv6 whatever the host's say. */
  readonly callsHooks: { readonly ipv4: boolean; readonly ipv6: boolean };
}

/** What an event says about one link. `unclear`: a part of it only (a bridge's view of its port). */
export type LinkChange =
  | { readonly kind: "present"; readonly link: Link }
  | { readonly kind: "gone"; readonly index: number }
  | { readonly kind: "unclear"; readonly index: number };

const NOTHING: ReadonlyMap<number, Uint8Array> = new Map();

function readPeer(attributes: ReadonlyMap<number, Uint8Array>): Link["peer"] {
  const index = attributeNumberHost(attributes.get(IFLA_LINK));
  if (index === undefined) return undefined;
  return { index, namespaceId: attributeNumberHost(attributes.get(IFLA_LINK_NETNSID)) };
}

function readLink(index: number, flags: number, payload: Uint8Array): Link {
  const attributes = netlinkAttributes(payload, IFINFOMSG);
  const nested = attributes.get(IFLA_LINKINFO);
  const info = nested === undefined ? NOTHING : netlinkAttributes(nested);
  const kind = attributeString(info.get(IFLA_INFO_KIND)) ?? "";
  const data = info.get(IFLA_INFO_DATA);
  const bridge = kind === "bridge" && data !== undefined ? netlinkAttributes(data) : NOTHING;
  return {
    index,
    name: attributeString(attributes.get(IFLA_IFNAME)) ?? "",
    kind,
    master: attributeNumberHost(attributes.get(IFLA_MASTER)),
    alias: attributeString(attributes.get(IFLA_IFALIAS)) ?? "",
    mtu: attributeNumberHost(attributes.get(IFLA_MTU)) ?? 0,
    macAddress: macAddressText(attributes.get(IFLA_ADDRESS)),
    up: (flags & IFF_UP) !== 0,
    operational: attributes.get(IFLA_OPERSTATE)?.[0] === IF_OPER_UP,
    peer: readPeer(attributes),
    callsHooks: {
      ipv4: bridge.get(IFLA_BR_NF_CALL_IPTABLES)?.[0] === 1,
      ipv6: bridge.get(IFLA_BR_NF_CALL_IP6TABLES)?.[0] === 1,
    },
  };
}

/** Reads a message of rtnetlink(7), an answer or an event; undefined if it is about no link. */
export function readLinkChange({ type, payload }: NetlinkMessage): LinkChange | undefined {
  if ((type !== RTM_NEWLINK && type !== RTM_DELLINK) || payload.length < IFINFOMSG) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const index = view.getInt32(4, true);
  // Messages of other families than "unspecified" lack most attributes; a port that leaves a bridge is "deleted" in one.
  if (payload[0] !== 0) return { kind: "unclear", index };
  if (type === RTM_DELLINK) return { kind: "gone", index };
  return { kind: "present", link: readLink(index, view.getUint32(8, true), payload) };
}
