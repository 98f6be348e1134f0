import { attributeNumberHost, netlinkAttributes, type NetlinkMessage } from "./netlink-messages.ts";

export const RTM_NEWROUTE = 24;
const RTMSG = 12;
const RTN_UNICAST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RTA_MULTIPATH = 9;
const RTA_VIA = 18;
const RTNEXTHOP = 8;

/** One way out of several that a route may have. */
export interface NextHop {
  /** Number of the interface. */
  readonly interface: number;
  /** Whether another machine passes the packets on; false: the destination is on the link itself. */
  readonly gateway: boolean;
}

/** What an entry of a routing table says. */
export interface RouteMessage {
  /** Of the destination, in bits. */
  readonly prefixLength: number;
  /** Whether packets are sent on: not to the host itself, not dropped, not broadcast. */
  readonly unicast: boolean;
  readonly nextHops: readonly NextHop[];
}

type Attributes = ReadonlyMap<number, Uint8Array>;

function hasGateway(attributes: Attributes): boolean {
  return attributes.has(RTA_GATEWAY) || attributes.has(RTA_VIA);
}

/** The layout of struct rtnexthop: length, flags, weight, interface, then attributes. */
function multipath(bytes: Uint8Array): NextHop[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const hops: NextHop[] = [];
  for (let at = 0; at + RTNEXTHOP <= bytes.length;) {
    const length = view.getUint16(at, true);
    if (length < RTNEXTHOP || at + length > bytes.length) break;
    const attributes = netlinkAttributes(bytes.subarray(at, at + length), RTNEXTHOP);
    hops.push({ interface: view.getInt32(at + 4, true), gateway: hasGateway(attributes) });
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
  const single = only === undefined ? [] : [{ interface: only, gateway: hasGateway(attributes) }];
  return {
    prefixLength: payload[1] ?? 0,
    unicast: payload[7] === RTN_UNICAST,
    nextHops: several === undefined ? single : multipath(several),
  };
}
