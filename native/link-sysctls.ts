import {
  attributeU32Host,
  beginMessage,
  beginNested,
  createMessageBuffer,
  endAttribute,
  endMessage,
  writeU32Host,
} from "./message-buffer.ts";
import { SystemCallError } from "./system-call-error.ts";
import { readLinkChange, type Link } from "./link-message.ts";
import {
  attributeNumberHost,
  netlinkAttributes,
  type NetlinkMessage,
  NLM_F_ACK,
  NLM_F_REQUEST,
} from "./netlink-messages.ts";
import { NetlinkSocket } from "./netlink-socket.ts";
import { NETLINK_ROUTE, NOTHING_THERE } from "./rtnetlink.ts";
import { type LinkKey, linkRequest } from "./rtnetlink-requests.ts";

const AF_INET = 2;
const AF_INET6 = 10;
const RTM_SETLINK = 19;
const RTM_GETNETCONF = 82;
const IFINFOMSG = 16;
const NETCONFMSG = 4;
const IFLA_AF_SPEC = 26;
const IFLA_INET_CONF = 1;
const IFLA_INET6_CONF = 2;
const NETCONFA_IFINDEX = 1;
const NETCONFA_FORWARDING = 2;
const ALL_INTERFACES = 0xffffffff;
/** Numbers of linux/ip.h (IPV4_DEVCONF_*), which count from one, and of linux/ipv6.h (DEVCONF_*), which count from zero. */
const IPV4 = { forwarding: 1, proxyArp: 3, rpFilter: 8, routeLocalnet: 26 } as const;
const IPV6 = { forwarding: 0, acceptRa: 3, disabled: 26 } as const;

/** Values below net.ipv4.conf.INTERFACE. */
export type Ipv4Sysctls = Readonly<Record<keyof typeof IPV4, number>>;
/** Values below net.ipv6.conf.INTERFACE. */
export type Ipv6Sysctls = Readonly<Record<keyof typeof IPV6, number>>;

export interface SysctlsOfLink {
  readonly link: Link;
  /** Undefined: the kernel does not speak it on this link. */
  readonly ipv4: Ipv4Sysctls | undefined;
  readonly ipv6: Ipv6Sysctls | undefined;
}

type Attributes = ReadonlyMap<number, Uint8Array>;

function nested(attributes: Attributes | undefined, type: number): Attributes | undefined {
  const bytes = attributes?.get(type);
  return bytes === undefined ? undefined : netlinkAttributes(bytes);
}

function valueAt(values: Uint8Array, at: number): number {
  return attributeNumberHost(values.subarray(at * 4)) ?? 0;
}

function readSysctls(message: NetlinkMessage): SysctlsOfLink | undefined {
  const change = readLinkChange(message);
  if (change?.kind !== "present") return undefined;
  const families = nested(netlinkAttributes(message.payload, IFINFOMSG), IFLA_AF_SPEC);
  const ipv4 = nested(families, AF_INET)?.get(IFLA_INET_CONF);
  const ipv6 = nested(families, AF_INET6)?.get(IFLA_INET6_CONF);
  return {
    link: change.link,
    ipv4: ipv4 && {
      forwarding: valueAt(ipv4, IPV4.forwarding - 1),
      proxyArp: valueAt(ipv4, IPV4.proxyArp - 1),
      rpFilter: valueAt(ipv4, IPV4.rpFilter - 1),
      routeLocalnet: valueAt(ipv4, IPV4.routeLocalnet - 1),
    },
    ipv6: ipv6 && {
      forwarding: valueAt(ipv6, IPV6.forwarding),
      acceptRa: valueAt(ipv6, IPV6.acceptRa),
      disabled: valueAt(ipv6, IPV6.disabled),
    },
  };
}

function writeRequest(index: number, values: Partial<Ipv4Sysctls>): Uint8Array {
  const buffer = createMessageBuffer(128);
  const start = beginMessage(buffer, RTM_SETLINK, NLM_F_REQUEST | NLM_F_ACK, 0);
  // The layout of struct ifinfomsg: family and type, index, flags, and which flags to change.
  for (const word of [0, index, 0, 0]) writeU32Host(buffer, word);
  const families = beginNested(buffer, IFLA_AF_SPEC);
  const ipv4 = beginNested(buffer, AF_INET);
  const settings = beginNested(buffer, IFLA_INET_CONF);
  for (const [name, number] of Object.entries(IPV4) as [keyof Ipv4Sysctls, number][]) {
    const value = values[name];
    if (value !== undefined) attributeU32Host(buffer, number, value);
  }
  for (const begun of [settings, ipv4, families]) endAttribute(buffer, begun);
  endMessage(buffer, start);
  return buffer.bytes.slice(0, buffer.length);
}

function forwardingRequest(family: number): Uint8Array {
  const buffer = createMessageBuffer(64);
  const start = beginMessage(buffer, RTM_GETNETCONF, NLM_F_REQUEST, 0);
  // The layout of struct netconfmsg, padded.
  writeU32Host(buffer, family);
  attributeU32Host(buffer, NETCONFA_IFINDEX, ALL_INTERFACES);
  endMessage(buffer, start);
  return buffer.bytes.slice(0, buffer.length);
}

/**
 * The sysctls of links in the network namespace that the thread is in when it is opened, without /proc/sys: over netlink those of
 * IPv4 can be read and written, those of IPv6 only read.
 */
export class LinkSysctls {
  readonly #socket: NetlinkSocket = NetlinkSocket.open(NETLINK_ROUTE);

  #ask(request: Uint8Array, tried: string): NetlinkMessage | undefined {
    try {
      return this.#socket.request(request, tried);
    } catch (error) {
      if (error instanceof SystemCallError && NOTHING_THERE.has(error.code)) return undefined;
      throw error;
    }
  }

  /** Undefined: there is no such link. Throws SystemCallError. */
  read(key: LinkKey): SysctlsOfLink | undefined {
    const answer = this.#ask(linkRequest(key), "ask the kernel for the settings of a network interface");
    return answer === undefined ? undefined : readSysctls(answer);
  }

  /** What is absent stays. The right is CAP_NET_ADMIN. Throws SystemCallError. */
  writeIpv4(index: number, values: Partial<Ipv4Sysctls>): void {
    this.#socket.request(writeRequest(index, values), "write IPv4 settings of a network interface");
  }

  /** Whether the host forwards packets of the family at all; undefined: it does not speak it. Throws SystemCallError. */
  forwards(family: 4 | 6): boolean | undefined {
    const request = forwardingRequest(family === 4 ? AF_INET : AF_INET6);
    const answer = this.#ask(request, "ask the kernel whether it forwards packets");
    if (answer === undefined) return undefined;
    return attributeNumberHost(netlinkAttributes(answer.payload, NETCONFMSG).get(NETCONFA_FORWARDING)) !== 0;
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}
