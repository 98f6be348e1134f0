/** An address as a number; IPv4 written as IPv6 (::ffff:a.b.c.d) is IPv4. */
export interface AddressNumber {
  readonly family: 4 | 6;
  readonly value: bigint;
}

export interface Block extends AddressNumber {
  /** Length of the prefix in bits of the block's family. */
  readonly length: number;
}

function widthOf(family: 4 | 6): number {
  return family === 4 ? 32 : 128;
}

function readIPv4(text: string): bigint | undefined {
  const octets = text.split(".");
  if (octets.length !== 4 || !octets.every((octet) => /^\d+$/.test(octet) && Number(octet) <= 255)) {
    return undefined;
  }
  return octets.reduce((value, octet) => value * 256n + BigInt(octet), 0n);
}

function readIPv6(text: string): bigint | undefined {
  const dotted = /^(.*:)([\d.]+\.[\d.]+)$/.exec(text);
  if (dotted !== null) {
    const low = readIPv4(dotted[2] ?? "");
    if (low === undefined) return undefined;
    return readIPv6(`${dotted[1]}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`);
  }
  const halves = text.split("::").map((half) => (half === "" ? [] : half.split(":")));
  if (halves.length > 2 || !halves.flat().every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  const [head = [], tail] = halves;
  const missing = 8 - halves.flat().length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...Array<string>(missing).fill("0"), ...(tail ?? [])];
  return groups.reduce((value, group) => value * 65536n + BigInt(`0x${group}`), 0n);
}

/** Reads an address as the API server reads a stored one: leading zeros are decimal. Undefined: it is none. */
export function readAddress(text: string): AddressNumber | undefined {
  if (!text.includes(":")) {
    const value = readIPv4(text);
    return value === undefined ? undefined : { family: 4, value };
  }
  const value = readIPv6(text);
  if (value === undefined) return undefined;
  return value / 2n ** 32n === 0xffffn ? { family: 4, value: value % 2n ** 32n } : { family: 6, value };
}

/** Reads a CIDR as the API server reads a stored one: host bits are forgotten. Undefined: it is none. */
export function readBlock(text: string): Block | undefined {
  const [addressText = "", lengthText = "", ...rest] = text.split("/");
  const address = readAddress(addressText);
  if (address === undefined || rest.length > 0 || !/^\d+$/.test(lengthText)) return undefined;
  const length = Number(lengthText) - (address.family === 4 && addressText.includes(":") ? 96 : 0);
  if (length < 0 || length > widthOf(address.family)) return undefined;
  const size = 2n ** BigInt(widthOf(address.family) - length);
  return { family: address.family, value: (address.value / size) * size, length };
}

export function blockContains(block: Block, address: AddressNumber): boolean {
  const size = 2n ** BigInt(widthOf(block.family) - block.length);
  return address.family === block.family && address.value / size === block.value / size;
}

export function sameAddress(a: AddressNumber, b: AddressNumber): boolean {
  return a.family === b.family && a.value === b.value;
}
