import { type Address, addressBytes, addressFamily } from "../../model/address.ts";
import { ICMP, ICMPV6, type Protocol, SCTP, TCP, UDP } from "../../model/protocol.ts";
import { crc32c } from "./crc32c.ts";

/** A packet as a pod with raw sockets can make it: the source is whatever it claims. */
export interface PacketPlan {
  readonly source: Address;
  readonly destination: Address;
  readonly protocol: Protocol;
  readonly sourcePort: number;
  readonly port: number;
  /** Four bytes by which the packet is known again at the other end. */
  readonly token: Uint8Array;
}

/** The Internet checksum (RFC 1071). */
function checksum(...parts: readonly Uint8Array[]): number {
  let sum = 0;
  for (const part of parts)
    for (let at = 0; at < part.length; at += 2) sum += ((part[at] ?? 0) << 8) | (part[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** What TCP, UDP and ICMPv6 also checksum (RFC 793; RFC 8200 section 8.1; both add up alike). */
function pseudoHeader({ source, destination, protocol }: PacketPlan, length: number): Uint8Array {
  return Uint8Array.from([
    ...addressBytes(source),
    ...addressBytes(destination),
    length >> 8,
    length & 255,
    0,
    protocol,
  ]);
}

function withChecksum(plan: PacketPlan, segment: Uint8Array, at: number): Uint8Array {
  const header = plan.protocol === ICMP ? new Uint8Array() : pseudoHeader(plan, segment.length);
  new DataView(segment.buffer).setUint16(at, checksum(header, segment));
  return segment;
}

/** A bare SYN whose sequence number is the token. */
function tcpSyn(plan: PacketPlan): Uint8Array {
  const segment = new Uint8Array(20);
  const view = new DataView(segment.buffer);
  view.setUint16(0, plan.sourcePort);
  view.setUint16(2, plan.port);
  segment.set(plan.token, 4);
  view.setUint16(12, 0x5002);
  view.setUint16(14, 0xffff);
  return withChecksum(plan, segment, 16);
}

function udpDatagram(plan: PacketPlan): Uint8Array {
  const segment = new Uint8Array(12);
  const view = new DataView(segment.buffer);
  view.setUint16(0, plan.sourcePort);
  view.setUint16(2, plan.port);
  view.setUint16(4, segment.length);
  segment.set(plan.token, 8);
  return withChecksum(plan, segment, 6);
}

/** An INIT chunk (RFC 9260 section 3.3.2) whose initiate tag is the token; the checksum is CRC32c, little-endian. */
function sctpInit(plan: PacketPlan): Uint8Array {
  const segment = new Uint8Array(32);
  const view = new DataView(segment.buffer);
  view.setUint16(0, plan.sourcePort);
  view.setUint16(2, plan.port);
  view.setUint8(12, 1);
  view.setUint16(14, 20);
  segment.set(plan.token, 16);
  view.setUint32(20, 65536);
  view.setUint16(24, 1);
  view.setUint16(26, 1);
  view.setUint32(28, 1);
  view.setUint32(8, crc32c(segment), true);
  return segment;
}

function echoRequest(plan: PacketPlan): Uint8Array {
  const segment = new Uint8Array(12);
  const view = new DataView(segment.buffer);
  view.setUint8(0, plan.protocol === ICMP ? 8 : 128);
  view.setUint16(4, plan.sourcePort);
  segment.set(plan.token, 8);
  return withChecksum(plan, segment, 2);
}

function segmentOf(plan: PacketPlan): Uint8Array {
  switch (plan.protocol) {
    case TCP:
      return tcpSyn(plan);
    case UDP:
      return udpDatagram(plan);
    case SCTP:
      return sctpInit(plan);
    case ICMP:
    case ICMPV6:
      return echoRequest(plan);
    default:
      throw new RangeError(`the lab makes no packets of IP protocol ${plan.protocol}`);
  }
}

/** The whole packet, IP header included; the kernel fills in IPv4's checksum and identification (raw(7)). */
export function packetBytes(plan: PacketPlan): Uint8Array {
  const segment = segmentOf(plan);
  const family = addressFamily(plan.source);
  const headerLength = family === 4 ? 20 : 40;
  const packet = new Uint8Array(headerLength + segment.length);
  const view = new DataView(packet.buffer);
  if (family === 4) {
    view.setUint8(0, 0x45);
    view.setUint16(2, packet.length);
    view.setUint8(8, 64);
    view.setUint8(9, plan.protocol);
  } else {
    view.setUint8(0, 0x60);
    view.setUint16(4, segment.length);
    view.setUint8(6, plan.protocol);
    view.setUint8(7, 64);
  }
  packet.set(addressBytes(plan.source), family === 4 ? 12 : 8);
  packet.set(addressBytes(plan.destination), family === 4 ? 16 : 24);
  packet.set(segment, headerLength);
  return packet;
}
