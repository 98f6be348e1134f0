import {
  attributeBytes,
  attributeText,
  beginMessage,
  createMessageBuffer,
  endMessage,
  type MessageBuffer,
  writeU32Host,
  writeU8,
} from "./message-buffer.ts";

const AF_INET = 2;
const AF_INET6 = 10;
const NLM_F_REQUEST = 1;
const RTM_GETLINK = 18;
const RTM_GETROUTE = 26;
const RTA_DST = 1;
const IFLA_IFNAME = 3;
const IFLA_EXT_MASK = 29;
/** Answer with the entry of the routing table, not with what was made of it for this destination. */
const RTM_F_FIB_MATCH = 0x2000;
const RTEXT_FILTER_SKIP_STATS = 8;
/** The longest that the kernel takes (IFNAMSIZ without the zero). */
export const LONGEST_INTERFACE_NAME = 15;

/** A link by its number or by its name. */
export type LinkKey = { readonly index: number } | { readonly name: string };

function finished(buffer: MessageBuffer, start: number): Uint8Array {
  endMessage(buffer, start);
  return buffer.bytes.slice(0, buffer.length);
}

/** Asks for the route that a packet from this host to `address` (4 or 16 bytes) would take. */
export function routeRequest(address: Uint8Array, sequence: number = 0): Uint8Array {
  const buffer = createMessageBuffer(64);
  const start = beginMessage(buffer, RTM_GETROUTE, NLM_F_REQUEST, sequence);
  writeU8(buffer, address.length === 4 ? AF_INET : AF_INET6);
  writeU8(buffer, address.length * 8);
  // Source length, type of service; then any table, protocol, scope and type.
  for (let at = 0; at < 6; at++) writeU8(buffer, 0);
  writeU32Host(buffer, RTM_F_FIB_MATCH);
  attributeBytes(buffer, RTA_DST, address);
  return finished(buffer, start);
}

/** Asks for one link, without its counters. */
export function linkRequest(key: LinkKey, sequence: number = 0): Uint8Array {
  const buffer = createMessageBuffer(64);
  const start = beginMessage(buffer, RTM_GETLINK, NLM_F_REQUEST, sequence);
  // Any family, type of device.
  writeU32Host(buffer, 0);
  writeU32Host(buffer, "index" in key ? key.index : 0);
  // Flags, and which of them to change.
  writeU32Host(buffer, 0);
  writeU32Host(buffer, 0);
  const mask = new Uint8Array(4);
  mask[0] = RTEXT_FILTER_SKIP_STATS;
  attributeBytes(buffer, IFLA_EXT_MASK, mask);
  if ("name" in key) attributeText(buffer, IFLA_IFNAME, key.name);
  return finished(buffer, start);
}
