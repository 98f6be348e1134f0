/** An IP protocol number (IANA "Assigned Internet Protocol Numbers"). */
export type Protocol = number;

export const TCP: Protocol = 6;
export const UDP: Protocol = 17;
export const SCTP: Protocol = 132;
export const ICMP: Protocol = 1;
export const ICMPV6: Protocol = 58;

const NAMES: ReadonlyMap<Protocol, string> = new Map([
  [TCP, "TCP"],
  [UDP, "UDP"],
  [SCTP, "SCTP"],
  [ICMP, "ICMP"],
  [ICMPV6, "ICMPv6"],
]);

/** The name people use, or the number as text. */
export function protocolName(protocol: Protocol): string {
  return NAMES.get(protocol) ?? String(protocol);
}

/** The number of a protocol's name (any case) or of a number as text; undefined for anything else. */
export function parseProtocol(text: string): Protocol | undefined {
  const wanted = text.toUpperCase();
  for (const [number, name] of NAMES) if (name.toUpperCase() === wanted) return number;
  if (!/^\d{1,3}$/.test(text)) return undefined;
  const number = Number(text);
  return number >= 1 && number <= 255 ? number : undefined;
}

/** Whether the protocol has ports where TCP has them. */
export function hasPorts(protocol: Protocol): boolean {
  return protocol === TCP || protocol === UDP || protocol === SCTP;
}
