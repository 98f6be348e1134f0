import {
  attributeBytes,
  attributeU32Host,
  beginMessage,
  beginNested,
  createMessageBuffer,
  endAttribute,
  endMessage,
  type MessageBuffer,
  writeBytes,
  writeU16,
  writeU8,
} from "./message-buffer.ts";
import { netlinkAttributes, type NetlinkMessage, NLM_F_DUMP, NLM_F_REQUEST } from "./netlink-messages.ts";

const AF_UNSPEC = 0;
const AF_INET = 2;
const AF_INET6 = 10;
const NFGENMSG = 4;
/** nfnetlink's subsystem in the upper byte (ctnetlink: 1), its message in the lower one. */
const CT_NEW = 0x0100;
const CT_GET = 0x0101;
const CT_DELETE = 0x0102;
const CTA_TUPLE_ORIG = 1;
const CTA_TUPLE_REPLY = 2;
const CTA_ID = 12;
const CTA_ZONE = 18;
const CTA_FILTER = 25;
const CTA_TUPLE_IP = 1;
const CTA_IP_V4_SRC = 1;
const CTA_IP_V6_SRC = 3;
const CTA_FILTER_ORIG_FLAGS = 1;
const CTA_FILTER_REPLY_FLAGS = 2;
/** Which part of a tuple counts. */
const IP_SOURCE = 1;

/** One connection that the kernel follows, by who sends in its two directions. */
export interface ConntrackEntry {
  readonly family: 4 | 6;
  /** Who began: 4 or 16 bytes. */
  readonly originalSource: Uint8Array;
  /** Who answers, after translation. */
  readonly replySource: Uint8Array;
  /**
   * The kernel's own words for the original direction, with its zone and number: what it deletes the entry by. A later entry
   * of the same connection has another number, unless it lies in the same memory.
   */
  readonly original: Uint8Array;
  readonly zone: Uint8Array | undefined;
  readonly id: Uint8Array | undefined;
}

/** One direction's sender. */
export interface ConntrackFilter {
  readonly direction: "original" | "reply";
  /** 4 or 16 bytes. */
  readonly source: Uint8Array;
}

function begin(buffer: MessageBuffer, type: number, family: number, flags: number, sequence: number): number {
  const start = beginMessage(buffer, type, flags, sequence);
  writeU8(buffer, family);
  // Version, resource.
  writeU8(buffer, 0);
  writeU16(buffer, 0);
  return start;
}

/** Asks for all entries, or those of one sender; kernels before 5.8 know no filter and answer with all. */
export function conntrackRequest(filter?: ConntrackFilter): Uint8Array {
  const buffer = createMessageBuffer(128);
  const isIPv4 = filter?.source.length === 4;
  const family = filter === undefined ? AF_UNSPEC : isIPv4 ? AF_INET : AF_INET6;
  const start = begin(buffer, CT_GET, family, NLM_F_REQUEST | NLM_F_DUMP, 0);
  if (filter !== undefined) {
    const original = filter.direction === "original";
    const flags = beginNested(buffer, CTA_FILTER);
    attributeU32Host(buffer, CTA_FILTER_ORIG_FLAGS, original ? IP_SOURCE : 0);
    attributeU32Host(buffer, CTA_FILTER_REPLY_FLAGS, original ? 0 : IP_SOURCE);
    endAttribute(buffer, flags);
    const tuple = beginNested(buffer, original ? CTA_TUPLE_ORIG : CTA_TUPLE_REPLY);
    const ip = beginNested(buffer, CTA_TUPLE_IP);
    attributeBytes(buffer, isIPv4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC, filter.source);
    endAttribute(buffer, ip);
    endAttribute(buffer, tuple);
  }
  endMessage(buffer, start);
  return buffer.bytes.slice(0, buffer.length);
}

/** Writes the message that deletes this entry. */
export function encodeDeleteEntry(buffer: MessageBuffer, entry: ConntrackEntry, sequence: number): void {
  const start = begin(buffer, CT_DELETE, entry.family === 4 ? AF_INET : AF_INET6, NLM_F_REQUEST, sequence);
  const tuple = beginNested(buffer, CTA_TUPLE_ORIG);
  writeBytes(buffer, entry.original);
  endAttribute(buffer, tuple);
  if (entry.zone !== undefined) attributeBytes(buffer, CTA_ZONE, entry.zone);
  if (entry.id !== undefined) attributeBytes(buffer, CTA_ID, entry.id);
  endMessage(buffer, start);
}

function tupleSource(tuple: Uint8Array | undefined, isIPv4: boolean): Uint8Array | undefined {
  const ip = tuple === undefined ? undefined : netlinkAttributes(tuple).get(CTA_TUPLE_IP);
  return ip === undefined ? undefined : netlinkAttributes(ip).get(isIPv4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC);
}

/** Reads an answer; undefined if it is no entry of IPv4 or IPv6. */
export function readConntrackEntry({ type, payload }: NetlinkMessage): ConntrackEntry | undefined {
  if (type !== CT_NEW || payload.length < NFGENMSG) return undefined;
  const attributes = netlinkAttributes(payload, NFGENMSG);
  const isIPv4 = payload[0] === AF_INET;
  const original = attributes.get(CTA_TUPLE_ORIG);
  const originalSource = tupleSource(original, isIPv4);
  const replySource = tupleSource(attributes.get(CTA_TUPLE_REPLY), isIPv4);
  if (original === undefined || originalSource === undefined || replySource === undefined) return undefined;
  return {
    family: isIPv4 ? 4 : 6,
    originalSource,
    replySource,
    original,
    zone: attributes.get(CTA_ZONE),
    id: attributes.get(CTA_ID),
  };
}
