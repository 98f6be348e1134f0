import {
  attributeBytes,
  attributeText,
  attributeU32Host,
  beginMessage,
  createMessageBuffer,
  endMessage,
  type MessageBuffer,
  writeU32Host,
  writeU8,
} from "./message-buffer.ts";
import { NLM_F_DUMP, NLM_F_REQUEST } from "./netlink-messages.ts";

const AF_INET = 2;
const AF_INET6 = 10;
const RTM_GETLINK = 18;
const RTM_GETROUTE = 26;
const RTA_DST = 1;
const RTA_OIF = 4;
const IFLA_IFNAME = 3;
const IFLA_MASTER = 10;
const IFLA_EXT_MASK = 29;
/** Answer with the entry of the routing table, not with what was made of it for this destination. */
const RTM_F_FIB_MATCH = 0x2000;
/** Answer with the number of its table, too: IPv4 says "main" otherwise; IPv6 always does, and refuses the flag. */
const RTM_F_LOOKUP_TABLE = 0x1000;
const RTEXT_FILTER_SKIP_STATS = 8;
/** The longest that the kernel takes (IFNAMSIZ without the zero). */
export const LONGEST_INTERFACE_NAME = 15;

/** A link by its number or by its name. */
export type LinkKey = { readonly index: number } | { readonly name: string };

function finished(buffer: MessageBuffer, start: number): Uint8Array {
  endMessage(buffer, start);
  return buffer.bytes.slice(0, buffer.length);
}

/** Asks for the route that a packet from this host to `address` (4 or 16 bytes) would take; `link`: by this interface. */
export function routeRequest(
  address: Uint8Array,
  { link, sequence = 0 }: { readonly link?: number; readonly sequence?: number } = {},
): Uint8Array {
  const buffer = createMessageBuffer(64);
  const start = beginMessage(buffer, RTM_GETROUTE, NLM_F_REQUEST, sequence);
  writeU8(buffer, address.length === 4 ? AF_INET : AF_INET6);
  writeU8(buffer, address.length * 8);
  // Source length, type of service; then any table, protocol, scope and type.
  for (let at = 0; at < 6; at++) writeU8(buffer, 0);
  writeU32Host(buffer, address.length === 4 ? RTM_F_FIB_MATCH | RTM_F_LOOKUP_TABLE : RTM_F_FIB_MATCH);
  attributeBytes(buffer, RTA_DST, address);
  if (link !== undefined) attributeU32Host(buffer, RTA_OIF, link);
  return finished(buffer, start);
}

/** Begins a question about links, without their counters; returns its start. */
function beginLinkRequest(
  buffer: MessageBuffer,
  { index, flags, sequence }: { readonly index: number; readonly flags: number; readonly sequence: number },
): number {
  const start = beginMessage(buffer, RTM_GETLINK, flags, sequence);
  // Any family, type of device.
  writeU32Host(buffer, 0);
  writeU32Host(buffer, index);
  // Flags, and which of them to change.
  writeU32Host(buffer, 0);
  writeU32Host(buffer, 0);
  const mask = new Uint8Array(4);
  mask[0] = RTEXT_FILTER_SKIP_STATS;
  attributeBytes(buffer, IFLA_EXT_MASK, mask);
  return start;
}

/** Asks for one link. */
export function linkRequest(key: LinkKey, sequence: number = 0): Uint8Array {
  const buffer = createMessageBuffer(64);
  const index = "index" in key ? key.index : 0;
  const start = beginLinkRequest(buffer, { index, flags: NLM_F_REQUEST, sequence });
  if ("name" in key) attributeText(buffer, IFLA_IFNAME, key.name);
  return finished(buffer, start);
}

/** Asks for all links that belong to a bridge, bond or VRF; kernels that do not know the question answer with all there are. */
export function portsRequest(master: number, sequence: number = 0): Uint8Array {
  const buffer = createMessageBuffer(64);
  const start = beginLinkRequest(buffer, { index: 0, flags: NLM_F_REQUEST | NLM_F_DUMP, sequence });
  attributeBytes(buffer, IFLA_MASTER, new Uint8Array(Uint32Array.of(master).buffer));
  return finished(buffer, start);
}
