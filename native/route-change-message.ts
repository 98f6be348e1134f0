import { macAddressBytes } from "./mac-address.ts";
import {
  attributeBytes,
  attributeU32Host,
  beginMessage,
  endMessage,
  type MessageBuffer,
  writeU16Host,
  writeU32Host,
  writeU8,
} from "./message-buffer.ts";
import { NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, NLM_F_REQUEST } from "./netlink-messages.ts";
import { RTM_NEWROUTE } from "./route-message.ts";

const AF_INET = 2;
const AF_INET6 = 10;
const RTM_NEWADDR = 20;
const RTM_DELADDR = 21;
const RTM_DELROUTE = 25;
const RTM_NEWNEIGH = 28;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_FLAGS = 8;
const IFA_F_NODAD = 2;
const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RTA_TABLE = 15;
const MAIN_TABLE = 254;
/** Of a table whose number does not fit into a byte; RTA_TABLE has it. */
const RT_TABLE_COMPAT = 252;
const RTN_UNICAST = 1;
const RT_SCOPE_UNIVERSE = 0;
const RT_SCOPE_LINK = 253;
/** Of a route to delete: whichever it has. */
const RT_SCOPE_NOWHERE = 255;
const RTPROT_BOOT = 3;
const NDA_DST = 1;
const NDA_LLADDR = 2;
const NUD_PERMANENT = 0x80;

/** `address`: 4 or 16 bytes, most significant first. */
export interface LinkAddress {
  readonly link: number;
  readonly address: Uint8Array;
  readonly prefixLength: number;
}

/** An entry of a routing table, in the main one unless it says otherwise. */
export interface Route {
  /** 4 or 16 bytes, most significant first. */
  readonly destination: Uint8Array;
  readonly prefixLength: number;
  /** Number of the interface. */
  readonly link: number;
  readonly gateway?: Uint8Array;
  /** How far away the destination is (rtnetlink's rtm_scope): `link`: on the link itself. Without meaning for IPv6. */
  readonly scope?: "universe" | "link";
  /** Who made it (rtnetlink's rtm_protocol); of a route to delete: only this one's. */
  readonly protocol?: number;
  readonly table?: number;
}

/** Which hardware address an address on a link has, for as long as the link is up. */
export interface PermanentNeighbour {
  readonly link: number;
  readonly address: Uint8Array;
  readonly macAddress: string;
}

const REQUEST = NLM_F_REQUEST | NLM_F_ACK;

function familyOf(address: Uint8Array): number {
  return address.length === 4 ? AF_INET : AF_INET6;
}

export function encodeAddress(
  buffer: MessageBuffer,
  change: { readonly kind: "addAddress" | "deleteAddress"; readonly address: LinkAddress },
  sequence: number,
): void {
  const { link, address, prefixLength } = change.address;
  const adding = change.kind === "addAddress";
  const flags = adding ? REQUEST | NLM_F_CREATE | NLM_F_EXCL : REQUEST;
  const start = beginMessage(buffer, adding ? RTM_NEWADDR : RTM_DELADDR, flags, sequence);
  writeU8(buffer, familyOf(address));
  writeU8(buffer, prefixLength);
  // Flags in a byte, which IFA_FLAGS overrules, and the scope "universe".
  writeU16Host(buffer, 0);
  writeU32Host(buffer, link);
  attributeBytes(buffer, IFA_LOCAL, address);
  attributeBytes(buffer, IFA_ADDRESS, address);
  if (adding) attributeU32Host(buffer, IFA_FLAGS, IFA_F_NODAD);
  endMessage(buffer, start);
}

type RouteVerb = "addRoute" | "replaceRoute" | "deleteRoute";

const ROUTE_MESSAGES: Readonly<Record<RouteVerb, { readonly type: number; readonly flags: number }>> = {
  addRoute: { type: RTM_NEWROUTE, flags: REQUEST | NLM_F_CREATE | NLM_F_EXCL },
  replaceRoute: { type: RTM_NEWROUTE, flags: REQUEST | NLM_F_CREATE | NLM_F_REPLACE },
  deleteRoute: { type: RTM_DELROUTE, flags: REQUEST },
};

export function encodeRoute(
  buffer: MessageBuffer,
  change: { readonly kind: RouteVerb; readonly route: Route },
  sequence: number,
): void {
  const { destination, prefixLength, link, gateway, scope, protocol, table = MAIN_TABLE } = change.route;
  const { type, flags } = ROUTE_MESSAGES[change.kind];
  const deleting = change.kind === "deleteRoute";
  const start = beginMessage(buffer, type, flags, sequence);
  writeU8(buffer, familyOf(destination));
  writeU8(buffer, prefixLength);
  // Length of the source, type of service.
  writeU16Host(buffer, 0);
  writeU8(buffer, table < 256 ? table : RT_TABLE_COMPAT);
  writeU8(buffer, protocol ?? (deleting ? 0 : RTPROT_BOOT));
  if (scope === undefined) writeU8(buffer, deleting ? RT_SCOPE_NOWHERE : RT_SCOPE_UNIVERSE);
  else writeU8(buffer, scope === "link" ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE);
  writeU8(buffer, RTN_UNICAST);
  writeU32Host(buffer, 0);
  if (prefixLength > 0) attributeBytes(buffer, RTA_DST, destination);
  attributeU32Host(buffer, RTA_OIF, link);
  if (gateway !== undefined) attributeBytes(buffer, RTA_GATEWAY, gateway);
  if (table >= 256) attributeU32Host(buffer, RTA_TABLE, table);
  endMessage(buffer, start);
}

export function encodeNeighbour(
  buffer: MessageBuffer,
  { link, address, macAddress }: PermanentNeighbour,
  sequence: number,
): void {
  const start = beginMessage(buffer, RTM_NEWNEIGH, REQUEST | NLM_F_CREATE | NLM_F_REPLACE, sequence);
  // The layout of struct ndmsg: family, index, state, flags and type.
  writeU32Host(buffer, familyOf(address));
  writeU32Host(buffer, link);
  writeU16Host(buffer, NUD_PERMANENT);
  writeU16Host(buffer, 0);
  attributeBytes(buffer, NDA_DST, address);
  attributeBytes(buffer, NDA_LLADDR, macAddressBytes(macAddress));
  endMessage(buffer, start);
}
