import type { Address, AddressOptions, AddressValue, Family } from "./address.ts";
import { addressValue, formatAddress, parseAddressValue } from "./address.ts";
import type { Named } from "./named.ts";

/** A block of addresses in canonical spelling: host bits zero, prefix length without leading zeros. */
export type Cidr = Named<"Cidr">;

/** An unbroken run of addresses, both ends included. */
export interface AddressRange {
  readonly family: Family;
  readonly first: bigint;
  readonly last: bigint;
}

export const ALL_IPV4: Cidr = "0.0.0.0/0" as Cidr;
export const ALL_IPV6: Cidr = "::/0" as Cidr;

function bits(family: Family): number {
  return family === 4 ? 32 : 128;
}

/**
 * Reads a block; undefined if it is none. Host bits are cleared, as upstream does with what a server has stored;
 * an IPv4-mapped block of at least 96 bits is the IPv4 block.
 */
export function parseCidr(text: string, options: AddressOptions = {}): Cidr | undefined {
  const slash = text.indexOf("/");
  if (slash < 0) return undefined;
  const base = parseAddressValue(text.slice(0, slash), options);
  const lengthText = text.slice(slash + 1);
  // What stores 010.0.0.0 stores /08 too: upstream reads both as decimal.
  const isLength = options.leadingZeros === "decimal" ? /^\d{1,5}$/ : /^(0|[1-9]\d{0,2})$/;
  if (base === undefined || !isLength.test(lengthText)) return undefined;
  const mapped = base.family === 4 && text.slice(0, slash).includes(":");
  const length = Number(lengthText) - (mapped ? 96 : 0);
  if (length < 0 || length > bits(base.family)) return undefined;
  const hostBits = BigInt(bits(base.family) - length);
  const value = (base.value >> hostBits) << hostBits;
  return `${formatAddress({ family: base.family, value })}/${length}` as Cidr;
}

export function cidrFamily(cidr: Cidr): Family {
  return cidr.includes(":") ? 6 : 4;
}

export function cidrRange(cidr: Cidr): AddressRange {
  const slash = cidr.indexOf("/");
  const { family, value } = addressValue(cidr.slice(0, slash) as Address);
  const hostBits = BigInt(bits(family) - Number(cidr.slice(slash + 1)));
  return { family, first: value, last: value + (1n << hostBits) - 1n };
}

export function rangeContains(range: AddressRange, { family, value }: AddressValue): boolean {
  return range.family === family && range.first <= value && value <= range.last;
}

export function cidrContains(cidr: Cidr, address: Address): boolean {
  return rangeContains(cidrRange(cidr), addressValue(address));
}

function compareRanges(a: AddressRange, b: AddressRange): number {
  if (a.family !== b.family) return a.family - b.family;
  return a.first < b.first ? -1 : a.first > b.first ? 1 : 0;
}

/** The same addresses as sorted ranges that neither overlap nor touch: what an interval set can hold. */
export function mergeRanges(ranges: readonly AddressRange[]): AddressRange[] {
  const merged: AddressRange[] = [];
  for (const range of ranges.toSorted(compareRanges)) {
    const last = merged.at(-1);
    if (last !== undefined && last.family === range.family && range.first <= last.last + 1n) {
      if (range.last > last.last) merged[merged.length - 1] = { ...last, last: range.last };
    } else {
      merged.push(range);
    }
  }
  return merged;
}

/** `ranges` without the addresses of `holes`; merged. */
export function subtractRanges(
  ranges: readonly AddressRange[],
  holes: readonly AddressRange[],
): AddressRange[] {
  const sortedHoles = mergeRanges(holes);
  const result: AddressRange[] = [];
  for (const range of mergeRanges(ranges)) {
    let first = range.first;
    for (const hole of sortedHoles) {
      if (hole.family !== range.family || hole.last < first) continue;
      if (hole.first > range.last) break;
      if (hole.first > first) result.push({ family: range.family, first, last: hole.first - 1n });
      first = hole.last + 1n;
    }
    if (first <= range.last) result.push({ family: range.family, first, last: range.last });
  }
  return result;
}
