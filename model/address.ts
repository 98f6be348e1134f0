import type { Named } from "./named.ts";

/** An IPv4 or IPv6 address in its one canonical spelling (RFC 5952 for IPv6); IPv4-mapped IPv6 is IPv4. */
export type Address = Named<"Address">;

export type Family = 4 | 6;

export interface AddressOptions {
  /** `decimal` reads 010.1.1.1 as 10.1.1.1, as the API server does with what it has stored. Default: refused. */
  readonly leadingZeros?: "refuse" | "decimal";
}

/** An address as a number: what ranges are computed with. */
export interface AddressValue {
  readonly family: Family;
  readonly value: bigint;
}

const MAPPED_PREFIX = 0xffffn << 32n;

function parseIPv4Value(text: string, leadingZeros: "refuse" | "decimal"): number | undefined {
  let value = 0;
  let octet = -1;
  let digits = 0;
  let dots = 0;
  for (let at = 0; at <= text.length; at++) {
    const code = at < text.length ? text.charCodeAt(at) : 46;
    if (code === 46) {
      if (octet < 0) return undefined;
      value = value * 256 + octet;
      octet = -1;
      digits = 0;
      dots++;
    } else if (code >= 48 && code <= 57) {
      if (digits > 0 && octet === 0 && leadingZeros === "refuse") return undefined;
      octet = (octet < 0 ? 0 : octet * 10) + (code - 48);
      digits++;
      if (octet > 255) return undefined;
    } else {
      return undefined;
    }
  }
  return dots === 4 ? value : undefined;
}

function parseIPv6Value(text: string, leadingZeros: "refuse" | "decimal"): bigint | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const groups: number[][] = [];
  for (const [index, half] of halves.entries()) {
    const words: number[] = [];
    const parts = half === "" ? [] : half.split(":");
    for (const [at, part] of parts.entries()) {
      const last = index === halves.length - 1 && at === parts.length - 1;
      if (last && part.includes(".")) {
        const v4 = parseIPv4Value(part, leadingZeros);
        if (v4 === undefined) return undefined;
        words.push(Math.floor(v4 / 65536), v4 % 65536);
      } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
        words.push(Number.parseInt(part, 16));
      } else {
        return undefined;
      }
    }
    groups.push(words);
  }
  const [head = [], tail] = groups;
  const count = head.length + (tail?.length ?? 0);
  if (tail === undefined ? count !== 8 : count > 7) return undefined;
  const words = tail === undefined ? head : [...head, ...Array<number>(8 - count).fill(0), ...tail];
  let value = 0n;
  for (const word of words) value = (value << 16n) | BigInt(word);
  return value;
}

/** Reads one address; undefined if it is none. No short forms, no zones. */
export function parseAddressValue(text: string, options: AddressOptions = {}): AddressValue | undefined {
  const leadingZeros = options.leadingZeros ?? "refuse";
  if (!text.includes(":")) {
    const value = parseIPv4Value(text, leadingZeros);
    return value === undefined ? undefined : { family: 4, value: BigInt(value) };
  }
  const value = parseIPv6Value(text, leadingZeros);
  if (value === undefined) return undefined;
  return value >> 32n === MAPPED_PREFIX >> 32n
    ? { family: 4, value: value & 0xffffffffn }
    : { family: 6, value };
}

/** Reads one address into its canonical spelling; undefined if it is none. */
export function parseAddress(text: string, options: AddressOptions = {}): Address | undefined {
  // IPv4 without leading zeros has one spelling only.
  if (!text.includes(":") && parseIPv4Value(text, "refuse") !== undefined) return text as Address;
  const parsed = parseAddressValue(text, options);
  return parsed === undefined ? undefined : formatAddress(parsed);
}

/** The canonical spelling (RFC 5952 section 4: lower case, longest run of zero groups shortened, first if equal). */
export function formatAddress({ family, value }: AddressValue): Address {
  if (family === 4) {
    const number = Number(value);
    const octets = [number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255];
    return octets.join(".") as Address;
  }
  const words: number[] = [];
  for (let shift = 112n; shift >= 0n; shift -= 16n) words.push(Number((value >> shift) & 0xffffn));
  let bestAt = -1;
  let bestLength = 1;
  for (let at = 0; at < 8; at++) {
    let end = at;
    while (end < 8 && words[end] === 0) end++;
    if (end - at > bestLength) {
      bestAt = at;
      bestLength = end - at;
    }
    at = Math.max(at, end);
  }
  const hex = (part: readonly number[]) => part.map((word) => word.toString(16)).join(":");
  if (bestAt < 0) return hex(words) as Address;
  return `${hex(words.slice(0, bestAt))}::${hex(words.slice(bestAt + bestLength))}` as Address;
}

export function addressFamily(address: Address): Family {
  return address.includes(":") ? 6 : 4;
}

/** The number behind a canonical address. */
export function addressValue(address: Address): AddressValue {
  const parsed = parseAddressValue(address);
  if (parsed === undefined) throw new TypeError(`"${address}" is not an address in canonical spelling`);
  return parsed;
}

/** Reads an address as it stands in a packet: 4 or 16 bytes, most significant first. */
export function addressOfBytes(bytes: Uint8Array): Address {
  if (bytes.length === 4) return bytes.join(".") as Address;
  return formatAddress({ family: 6, value: BigInt(`0x${bytes.toHex()}`) });
}

/** The address as it stands in a packet: 4 or 16 bytes, most significant first. */
export function addressBytes(address: Address): Uint8Array {
  return addressValueBytes(addressValue(address));
}

/** The same of an address that is a number already. */
export function addressValueBytes({ family, value }: AddressValue): Uint8Array {
  if (family === 4) {
    const number = Number(value);
    return Uint8Array.of(number >>> 24, number >>> 16, number >>> 8, number);
  }
  const bytes = new Uint8Array(16);
  let rest = value;
  for (let at = 12; at >= 0; at -= 4) {
    const word = Number(rest & 0xffffffffn);
    bytes[at] = word >>> 24;
    bytes[at + 1] = word >>> 16;
    bytes[at + 2] = word >>> 8;
    bytes[at + 3] = word;
    rest >>= 32n;
  }
  return bytes;
}
