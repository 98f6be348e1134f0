import { addressValueBytes, parseAddressValue } from "../../../model/address.ts";
import type { Expression, Scalar } from "../batch.ts";
import { cannotEncode } from "./encode-error.ts";
import { TYPES, type ValueType } from "./value-types.ts";

const WILDCARD = "*";
const encoder = new TextEncoder();

/** Both ends included; big-endian, as long as the type is. */
export interface ValueRange {
  readonly first: Uint8Array;
  readonly last: Uint8Array;
}

/** The edge of a range may be written ::ffff:0:0, which the vocabulary's parser reads as the IPv4 address in it. */
function mappedBytes(ipv4: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(16);
  bytes.set([0xff, 0xff], 10);
  bytes.set(ipv4, 12);
  return bytes;
}

function addressScalarBytes(value: Scalar, type: "ipv4_addr" | "ipv6_addr"): Uint8Array {
  const text = String(value);
  const address = parseAddressValue(text);
  if (address === undefined || text.includes(":") !== (type === "ipv6_addr")) {
    return cannotEncode(value, `an address of type ${type}`);
  }
  const bytes = addressValueBytes(address);
  return type === "ipv6_addr" && bytes.length === 4 ? mappedBytes(bytes) : bytes;
}

function interfaceBytes(value: Scalar): Uint8Array {
  const text = encoder.encode(String(value));
  if (text.length === 0 || text.length >= TYPES.ifname.length || String(value).endsWith(WILDCARD)) {
    return cannotEncode(value, "the name of one interface (1 to 15 bytes)");
  }
  const bytes = new Uint8Array(TYPES.ifname.length);
  bytes.set(text);
  return bytes;
}

function numberOf(value: Scalar, type: ValueType): number {
  const { length, names } = TYPES[type];
  const named = typeof value === "string" && names !== undefined && Object.hasOwn(names, value);
  const number = named ? names[value] : Number(value);
  if (number === undefined || !Number.isInteger(number) || number < 0 || number >= 2 ** (length * 8)) {
    return cannotEncode(value, `a value of type ${type}`);
  }
  return number;
}

function numberBytes(number: number, type: ValueType): Uint8Array {
  const { length } = TYPES[type];
  const bytes = new Uint8Array(length);
  const big = TYPES[type].byteOrder !== 1;
  for (let at = 0; at < length; at++) bytes[big ? length - 1 - at : at] = number >>> (at * 8);
  return bytes;
}

/** The value as a register or a set holds it. */
export function scalarBytes(value: Scalar, type: ValueType): Uint8Array {
  if (type === "ipv4_addr" || type === "ipv6_addr") return addressScalarBytes(value, type);
  if (type === "ifname") return interfaceBytes(value);
  return numberBytes(numberOf(value, type), type);
}

/** What an interface's name begins with, where the text ends in `*`: compared without a closing zero. */
export function wildcardBytes(value: Scalar): Uint8Array | undefined {
  const text = String(value);
  if (text.length < 2 || !text.endsWith(WILDCARD)) return undefined;
  const bytes = encoder.encode(text.slice(0, -1));
  return bytes.length < TYPES.ifname.length
    ? bytes
    : cannotEncode(value, "an interface name of at most 15 bytes");
}

function flagsOf(value: Expression | readonly string[], type: ValueType): number {
  if (typeof value !== "object") return numberOf(value, type);
  const operands = Array.isArray(value)
    ? (value as readonly string[])
    : "|" in value
      ? value["|"]
      : undefined;
  if (operands === undefined) return cannotEncode(value, "flags");
  return operands.reduce<number>((bits, operand) => bits | flagsOf(operand, type), 0);
}

/** Flag names, alone, joined by `|` or in a list. */
export function flagBytes(value: Expression | readonly string[], type: ValueType): Uint8Array {
  return numberBytes(flagsOf(value, type), type);
}

/** Bytes of ones and then zeros. */
export function prefixMask(length: number, prefix: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => 256 - 2 ** (8 - Math.min(8, Math.max(0, prefix - at * 8))));
}

export function prefixLength(len: number, type: ValueType): number {
  const most = TYPES[type].length * 8;
  if ((type !== "ipv4_addr" && type !== "ipv6_addr") || !Number.isInteger(len) || len < 0 || len > most) {
    return cannotEncode(len, `a prefix length for type ${type}`);
  }
  return len;
}

/** -1, 0 or 1, as big-endian numbers of equal length. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b);
}

/** A scalar, a range or a prefix as its first and last value. */
export function valueRange(value: Expression, type: ValueType): ValueRange {
  if (typeof value !== "object") {
    const bytes = scalarBytes(value, type);
    return { first: bytes, last: bytes };
  }
  if ("range" in value) {
    const first = scalarBytes(value.range[0], type);
    const last = scalarBytes(value.range[1], type);
    return compareBytes(first, last) <= 0
      ? { first, last }
      : cannotEncode(value, "a range that runs upwards");
  }
  if ("prefix" in value) {
    const address = scalarBytes(value.prefix.addr, type);
    const mask = prefixMask(address.length, prefixLength(value.prefix.len, type));
    return {
      first: address.map((byte, at) => byte & (mask[at] ?? 0)),
      last: address.map((byte, at) => byte | (~(mask[at] ?? 0) & 255)),
    };
  }
  return cannotEncode(value, `a value, range or prefix of type ${type}`);
}

/** The value after it; undefined after the last one of all. */
export function nextValue(bytes: Uint8Array): Uint8Array | undefined {
  const next = bytes.slice();
  for (let at = next.length - 1; at >= 0; at--) {
    const byte = ((next[at] ?? 0) + 1) & 255;
    next[at] = byte;
    if (byte !== 0) return next;
  }
  return undefined;
}
