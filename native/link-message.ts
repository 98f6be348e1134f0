import {
  attributeNumberHost,
  attributeString,
  netlinkAttributes,
  type NetlinkMessage,
} from "./netlink-messages.ts";

export const RTM_NEWLINK = 16;
export const RTM_DELLINK = 17;
const IFINFOMSG = 16;
const IFLA_IFNAME = 3;
const IFLA_MASTER = 10;
const IFLA_LINKINFO = 18;
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
  /** A bridge's own switches: whether its packets meet the hooks of IPv4 and of IPv6 whatever the host's say. */
  readonly callsHooks: { readonly ipv4: boolean; readonly ipv6: boolean };
}

/** What an event says about one link. `unclear`: a part of it only (a bridge's view of its port). */
export type LinkChange =
  | { readonly kind: "present"; readonly link: Link }
  | { readonly kind: "gone"; readonly index: number }
  | { readonly kind: "unclear"; readonly index: number };

const NOTHING: ReadonlyMap<number, Uint8Array> = new Map();

function readLink(index: number, payload: Uint8Array): Link {
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
  return type === RTM_DELLINK ? { kind: "gone", index } : { kind: "present", link: readLink(index, payload) };
}
