import { type LinkChange, readLinkChange } from "./link-message.ts";
import { type NetlinkEvents, openNetlinkEvents, type Waiter } from "./netlink-events.ts";
import { attributeNumberHost, netlinkAttributes, type NetlinkMessage } from "./netlink-messages.ts";
import { readRouteMessage, RTM_NEWROUTE, type RouteMessage } from "./route-message.ts";
import { NETLINK_ROUTE } from "./rtnetlink.ts";
import { linkRequest } from "./rtnetlink-requests.ts";

/** Numbers of multicast groups (enum rtnetlink_groups). */
const GROUPS = {
  link: 1,
  ipv4Route: 7,
  ipv4Rule: 8,
  ipv6Route: 11,
  ipv6Rule: 19,
  ipv4Settings: 24,
  ipv6Settings: 25,
};
const RTM_DELROUTE = 25;
const RTM_NEWRULE = 32;
const RTM_DELRULE = 33;
const RTM_NEWNETCONF = 80;
const NETCONFMSG = 4;
const NETCONFA_IFINDEX = 1;
/** Of the first link of every network namespace, the loopback. */
const LOOPBACK_INDEX = 1;
const PROBE_SEQUENCE = 0x746f7275;

/** One thing that happened, in the order in which it did. */
export type HostEvent =
  | { readonly kind: "link"; readonly change: LinkChange }
  | { readonly kind: "route"; readonly gone: boolean; readonly route: RouteMessage }
  /** A rule that chooses between routing tables came or went: any address may go elsewhere now. */
  | { readonly kind: "rule" }
  /** Somebody wrote a sysctl of the interface of this number; ALL_INTERFACES: one that is for all. */
  | { readonly kind: "settings"; readonly index: number };

export const ALL_INTERFACES = -1;

export interface HostEventsOptions {
  readonly events: (events: readonly HostEvent[]) => void;
  /** Events went unseen, or the socket broke: open anew, then look at everything. */
  readonly lost: (reason: string) => void;
  readonly receiveBufferBytes?: number;
  readonly way?: Waiter;
}

function readEvent(message: NetlinkMessage): HostEvent | undefined {
  const { type, payload } = message;
  if (type === RTM_NEWRULE || type === RTM_DELRULE) return { kind: "rule" };
  if (type === RTM_NEWNETCONF) {
    const index = attributeNumberHost(netlinkAttributes(payload, NETCONFMSG).get(NETCONFA_IFINDEX));
    return index === undefined ? undefined : { kind: "settings", index: index | 0 };
  }
  const link = readLinkChange(message);
  if (link !== undefined) return { kind: "link", change: link };
  const gone = type === RTM_DELROUTE;
  const route = readRouteMessage(gone ? { ...message, type: RTM_NEWROUTE } : message);
  return route === undefined ? undefined : { kind: "route", gone, route };
}

/**
 * Tells what happens to links, routes and their settings in this network namespace, one by one. The kernel tells of no
 * IPv4 route that goes with its link (the link's change stands for it), and of the settings only of forwarding, rp_filter
 * and proxy_arp. Throws as openNetlinkEvents does.
 */
export function openHostEvents(options: HostEventsOptions): Promise<NetlinkEvents> {
  const { lost, receiveBufferBytes, way } = options;
  return openNetlinkEvents({
    protocol: NETLINK_ROUTE,
    groups: Object.values(GROUPS),
    probe: {
      request: linkRequest({ index: LOOPBACK_INDEX }, PROBE_SEQUENCE),
      isAnswer: ({ sequence }) => sequence === PROBE_SEQUENCE,
    },
    events: (messages) => {
      const events = messages.map(readEvent).filter((event) => event !== undefined);
      if (events.length > 0) options.events(events);
    },
    lost,
    ...(receiveBufferBytes !== undefined && { receiveBufferBytes }),
    ...(way !== undefined && { way }),
  });
}
