import { type LinkChange, readLinkChange } from "./link-message.ts";
import { type NetlinkEvents, openNetlinkEvents, type Waiter } from "./netlink-events.ts";
import { NETLINK_ROUTE } from "./rtnetlink.ts";
import { linkRequest } from "./rtnetlink-requests.ts";

/** Numbers of multicast groups (enum rtnetlink_groups). */
const GROUPS = { link: 1, ipv4Route: 7, ipv4Rule: 8, ipv6Route: 11, ipv6Rule: 19 };
/** Of the first link of every network namespace, the loopback. */
const LOOPBACK_INDEX = 1;
const PROBE_SEQUENCE = 0x746f7274;

export interface RtnetlinkEventsOptions {
  /** Links, routes or rules for routes changed; `links` says which links did, in their order. */
  readonly changed: (links: readonly LinkChange[]) => void;
  /** Changes went unseen, or the socket broke: open anew, then look at everything. */
  readonly lost: (reason: string) => void;
  readonly receiveBufferBytes?: number;
  readonly way?: Waiter;
}

/**
 * Tells every change of this network namespace's links and routes. The kernel tells of no IPv4 route that goes with its
 * link: the link's change stands for it. Throws as openNetlinkEvents does.
 */
export function openRtnetlinkEvents(options: RtnetlinkEventsOptions): Promise<NetlinkEvents> {
  const { changed, lost, receiveBufferBytes, way } = options;
  return openNetlinkEvents({
    protocol: NETLINK_ROUTE,
    groups: Object.values(GROUPS),
    probe: {
      request: linkRequest({ index: LOOPBACK_INDEX }, PROBE_SEQUENCE),
      isAnswer: ({ sequence }) => sequence === PROBE_SEQUENCE,
    },
    events: (messages) => changed(messages.map(readLinkChange).filter((change) => change !== undefined)),
    lost,
    ...(receiveBufferBytes !== undefined && { receiveBufferBytes }),
    ...(way !== undefined && { way }),
  });
}
