import { macAddressText } from "./mac-address.ts";
import {
  attributeU32Host,
  beginMessage,
  createMessageBuffer,
  endMessage,
  type MessageBuffer,
  writeU32Host,
  writeU8,
} from "./message-buffer.ts";
import {
  attributeNumberHost,
  netlinkAttributes,
  type NetlinkMessage,
  NLM_F_DUMP,
  NLM_F_REQUEST,
} from "./netlink-messages.ts";

const AF_INET = 2;
const AF_INET6 = 10;
const RTM_NEWADDR = 20;
const RTM_GETADDR = 22;
const RTM_GETROUTE = 26;
const RTM_NEWNEIGH = 28;
const RTM_GETNEIGH = 30;
const RTM_NEWNSID = 88;
const RTM_GETNSID = 90;
const IFADDRMSG = 8;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const RTA_OIF = 4;
const RTA_TABLE = 15;
const NDMSG = 12;
const NDA_DST = 1;
const NDA_LLADDR = 2;
const NDA_IFINDEX = 8;
const NUD_PERMANENT = 0x80;
const NETNSA_NSID = 1;
const NETNSA_FD = 3;
/** -1 */
const NOT_ASSIGNED = 0xffffffff;

/** Which routes are asked for; what is absent is no condition. */
export interface RouteFilter {
  readonly family: 4 | 6;
  readonly table?: number;
  /** Who made them (rtnetlink's rtm_protocol). */
  readonly protocol?: number;
  /** Number of the interface. */
  readonly link?: number;
}

/** What the kernel knows of an address on a link. */
export interface Neighbour {
  readonly address: Uint8Array;
  /** Empty: not known. */
  readonly macAddress: string;
  readonly permanent: boolean;
}

function dump(type: number, write: (buffer: MessageBuffer) => void): Uint8Array {
  const buffer = createMessageBuffer(64);
  const start = beginMessage(buffer, type, NLM_F_REQUEST | NLM_F_DUMP, 0);
  write(buffer);
  endMessage(buffer, start);
  return buffer.bytes.slice(0, buffer.length);
}

/** Kernels that know no filters answer with all routes there are. */
export function routesRequest({ family, table, protocol, link }: RouteFilter): Uint8Array {
  return dump(RTM_GETROUTE, (buffer) => {
    writeU8(buffer, family === 4 ? AF_INET : AF_INET6);
    // Lengths of destination and source, type of service, the table as an attribute.
    for (let at = 0; at < 4; at++) writeU8(buffer, 0);
    writeU8(buffer, protocol ?? 0);
    // Scope, type; flags.
    for (let at = 0; at < 2; at++) writeU8(buffer, 0);
    writeU32Host(buffer, 0);
    if (link !== undefined) attributeU32Host(buffer, RTA_OIF, link);
    if (table !== undefined) attributeU32Host(buffer, RTA_TABLE, table);
  });
}

/** Of all families, on this link; kernels that know no filters answer with those of all links. */
export function addressesRequest(link: number): Uint8Array {
  return dump(RTM_GETADDR, (buffer) => {
    writeU32Host(buffer, 0);
    writeU32Host(buffer, link);
  });
}

/** The address of an answer, if it is on this link. */
export function readAddress({ type, payload }: NetlinkMessage, link: number): Uint8Array | undefined {
  if (type !== RTM_NEWADDR || payload.length < IFADDRMSG) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  if (view.getUint32(4, true) !== link) return undefined;
  const attributes = netlinkAttributes(payload, IFADDRMSG);
  return attributes.get(IFA_LOCAL) ?? attributes.get(IFA_ADDRESS);
}

/** Of all families, on this link; kernels that know no filters answer with those of all links. */
export function neighboursRequest(link: number): Uint8Array {
  return dump(RTM_GETNEIGH, (buffer) => {
    for (let at = 0; at < NDMSG; at += 4) writeU32Host(buffer, 0);
    attributeU32Host(buffer, NDA_IFINDEX, link);
  });
}

export function readNeighbour({ type, payload }: NetlinkMessage, link: number): Neighbour | undefined {
  if (type !== RTM_NEWNEIGH || payload.length < NDMSG) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const attributes = netlinkAttributes(payload, NDMSG);
  const address = attributes.get(NDA_DST);
  if (view.getUint32(4, true) !== link || address === undefined) return undefined;
  return {
    address,
    macAddress: macAddressText(attributes.get(NDA_LLADDR)),
    permanent: (view.getUint16(8, true) & NUD_PERMANENT) !== 0,
  };
}

/** What an answer about a network namespace says: the number that this one has for it; undefined: none. */
export function readNamespaceId({ type, payload }: NetlinkMessage): number | undefined {
  if (type !== RTM_NEWNSID) return undefined;
  const id = attributeNumberHost(netlinkAttributes(payload, 4).get(NETNSA_NSID));
  return id === undefined || id === NOT_ASSIGNED ? undefined : id;
}

/** Asks for the number that this network namespace has for the one of the descriptor. */
export function namespaceIdRequest(namespace: number): Uint8Array {
  const buffer = createMessageBuffer(64);
  const start = beginMessage(buffer, RTM_GETNSID, NLM_F_REQUEST, 0);
  // The layout of struct rtgenmsg, padded.
  writeU32Host(buffer, 0);
  attributeU32Host(buffer, NETNSA_FD, namespace);
  endMessage(buffer, start);
  return buffer.bytes.slice(0, buffer.length);
}
