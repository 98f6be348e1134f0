import { attributeNumberHost, netlinkAttributes, type NetlinkMessage } from "./netlink-messages.ts";

export const RTM_NEWROUTE = 24;
const RTMSG = 12;
const RTN_UNICAST = 1;
const DROPPING: ReadonlyMap<number | undefined, string> = new Map([
  [6, "blackhole"],
  [7, "unreachable"],
  [8, "prohibit"],
  [9, "throw"],
]);
const AF_INET = 2;
const RT_SCOPE_LINK = 253;
const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RTA_MULTIPATH = 9;
const RTA_TABLE = 15;
const RTA_VIA = 18;
const RTNEXTHOP = 8;

/** One way out of several that a route may have. */
export interface NextHop {
  /** Number of the interface. */
  readonly interface: number;
  /** Whether another machine passes the packets on; false: the destination is on the link itself. */
  readonly gateway: boolean;
  /** Which one, where it is of the destination's family. */
  readonly gatewayAddress: Uint8Array | undefined;
}

/** What an entry of a routing table says. */
export interface RouteMessage {
  /** 4 or 16 bytes, most significant first. */
  readonly destination: Uint8Array;
  /** Of the destination, in bits. */
  readonly prefixLength: number;
  /** Whether packets are sent on: not to the host itself, not dropped, not broadcast. */
  readonly unicast: boolean;
  /** In iproute2's word, where packets are not sent on but dropped or refused, or looked for in other tables (`throw`). */
  readonly dropping?: string;
  readonly nextHops: readonly NextHop[];
  /** Who made it (rtnetlink's rtm_protocol). */
  readonly protocol: number;
  readonly table: number;
  /** The destination is on the link itself, by the word of whoever made it. Without meaning for IPv6. */
  readonly scopeLink: boolean;
}

type Attributes = ReadonlyMap<number, Uint8Array>;

function hasGateway(attributes: Attributes): boolean {
  return attributes.has(RTA_GATEWAY) || attributes.has(RTA_VIA);
}

function nextHop(link: number, attributes: Attributes): NextHop {
  const gatewayAddress = attributes.get(RTA_GATEWAY);
  return { interface: link, gateway: hasGateway(attributes), gatewayAddress };
}

/** The layout of struct rtnexthop: length, flags, weight, interface, then attributes. */
function multipath(bytes: Uint8Array): NextHop[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const hops: NextHop[] = [];
  for (let at = 0; at + RTNEXTHOP <= bytes.length;) {
    const length = view.getUint16(at, true);
    if (length < RTNEXTHOP || at + length > bytes.length) break;
    const attributes = netlinkAttributes(bytes.subarray(at, at + length), RTNEXTHOP);
    hops.push(nextHop(view.getInt32(at + 4, true), attributes));
    at += (length + 3) & ~3;
  }
  return hops;
}

/** Reads an answer of rtnetlink(7); undefined if it is no route. */
export function readRouteMessage({ type, payload }: NetlinkMessage): RouteMessage | undefined {
  if (type !== RTM_NEWROUTE || payload.length < RTMSG) return undefined;
  const attributes = netlinkAttributes(payload, RTMSG);
  const several = attributes.get(RTA_MULTIPATH);
  const only = attributeNumberHost(attributes.get(RTA_OIF));
  const single = only === undefined ? [] : [nextHop(only, attributes)];
  const dropping = DROPPING.get(payload[7]);
  return {
    destination: attributes.get(RTA_DST) ?? new Uint8Array(payload[0] === AF_INET ? 4 : 16),
    prefixLength: payload[1] ?? 0,
    unicast: payload[7] === RTN_UNICAST,
    ...(dropping !== undefined && { dropping }),
    nextHops: several === undefined ? single : multipath(several),
    protocol: payload[5] ?? 0,
    table: attributeNumberHost(attributes.get(RTA_TABLE)) ?? payload[4] ?? 0,
    scopeLink: payload[6] === RT_SCOPE_LINK,
  };
}
