import { RTM_DELLINK, RTM_NEWLINK } from "./link-message.ts";
import { macAddressBytes } from "./mac-address.ts";
import {
  attributeBytes,
  attributeText,
  attributeU32Host,
  beginAttribute,
  beginMessage,
  beginNested,
  endAttribute,
  endMessage,
  type MessageBuffer,
  writeU32Host,
} from "./message-buffer.ts";
import { NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REQUEST } from "./netlink-messages.ts";

const RTM_SETLINK = 19;
const AF_INET6 = 10;
const IFF_UP = 1;
const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
const IFLA_LINKINFO = 18;
const IFLA_IFALIAS = 20;
const IFLA_AF_SPEC = 26;
const IFLA_NET_NS_FD = 28;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const VETH_INFO_PEER = 1;
const IFLA_INET6_ADDR_GEN_MODE = 8;
const GENERATED = 0;
const NOT_GENERATED = 1;

/** Two links that are each other's cable: this end in the socket's network namespace, the peer in another. Both are down. */
export interface VethPair {
  readonly name: string;
  readonly macAddress: string;
  /** Bytes, of both ends. */
  readonly mtu: number;
  readonly peer: {
    readonly name: string;
    /** Absent: the kernel makes one up. */
    readonly macAddress?: string;
    /** An open descriptor of its network namespace. */
    readonly namespace: number;
  };
}

/** What is to be otherwise at one link; what is absent stays. */
export interface LinkSettings {
  readonly index: number;
  readonly name?: string;
  readonly alias?: string;
  /** Bytes. */
  readonly mtu?: number;
  readonly up?: boolean;
  /** False: the kernel makes no link-local IPv6 address by itself. Refused (EAFNOSUPPORT) where the kernel has no IPv6. */
  readonly linkLocalAddress?: boolean;
}

/** The layout of struct ifinfomsg: family and type, index, flags, and which flags to change. */
function writeLinkHeader(buffer: MessageBuffer, index: number, flags: number, change: number): void {
  for (const word of [0, index, flags, change]) writeU32Host(buffer, word);
}

/**
 * Both ends or none, each in its namespace with its final name: nobody ever sees one half made. The kernel (6.18, too)
 * takes no alias here and refuses IFLA_AF_SPEC.
 */
export function encodeVethPair(buffer: MessageBuffer, pair: VethPair, sequence: number): void {
  const flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
  const start = beginMessage(buffer, RTM_NEWLINK, flags, sequence);
  writeLinkHeader(buffer, 0, 0, 0);
  attributeText(buffer, IFLA_IFNAME, pair.name);
  attributeBytes(buffer, IFLA_ADDRESS, macAddressBytes(pair.macAddress));
  attributeU32Host(buffer, IFLA_MTU, pair.mtu);
  const info = beginNested(buffer, IFLA_LINKINFO);
  attributeText(buffer, IFLA_INFO_KIND, "veth");
  const data = beginNested(buffer, IFLA_INFO_DATA);
  const peer = beginAttribute(buffer, VETH_INFO_PEER);
  writeLinkHeader(buffer, 0, 0, 0);
  attributeText(buffer, IFLA_IFNAME, pair.peer.name);
  const { macAddress } = pair.peer;
  if (macAddress !== undefined) attributeBytes(buffer, IFLA_ADDRESS, macAddressBytes(macAddress));
  attributeU32Host(buffer, IFLA_MTU, pair.mtu);
  attributeU32Host(buffer, IFLA_NET_NS_FD, pair.peer.namespace);
  for (const nested of [peer, data, info]) endAttribute(buffer, nested);
  endMessage(buffer, start);
}

function encodeAddressGeneration(buffer: MessageBuffer, wanted: boolean): void {
  const families = beginNested(buffer, IFLA_AF_SPEC);
  const ipv6 = beginNested(buffer, AF_INET6);
  attributeBytes(buffer, IFLA_INET6_ADDR_GEN_MODE, Uint8Array.of(wanted ? GENERATED : NOT_GENERATED));
  endAttribute(buffer, ipv6);
  endAttribute(buffer, families);
}

export function encodeSetLink(buffer: MessageBuffer, settings: LinkSettings, sequence: number): void {
  const { index, name, alias, mtu, up, linkLocalAddress } = settings;
  const start = beginMessage(buffer, RTM_SETLINK, NLM_F_REQUEST | NLM_F_ACK, sequence);
  writeLinkHeader(buffer, index, up === true ? IFF_UP : 0, up === undefined ? 0 : IFF_UP);
  if (name !== undefined) attributeText(buffer, IFLA_IFNAME, name);
  if (alias !== undefined) attributeText(buffer, IFLA_IFALIAS, alias);
  if (mtu !== undefined) attributeU32Host(buffer, IFLA_MTU, mtu);
  if (linkLocalAddress !== undefined) encodeAddressGeneration(buffer, linkLocalAddress);
  endMessage(buffer, start);
}

export function encodeDeleteLink(buffer: MessageBuffer, index: number, sequence: number): void {
  const start = beginMessage(buffer, RTM_DELLINK, NLM_F_REQUEST | NLM_F_ACK, sequence);
  writeLinkHeader(buffer, index, 0, 0);
  endMessage(buffer, start);
}
