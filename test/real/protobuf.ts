/** The two kinds of fields that the runtime's interface has: numbers, and everything that carries its length. */
const VARINT = 0;
const LENGTH = 2;

/** A field's content: booleans and enumerations are numbers, messages are bytes; repeated fields are arrays. */
export type Content = number | boolean | string | Uint8Array | readonly Content[] | undefined;

function varint(value: number | bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest)];
}

function field(number: number, content: Content): Uint8Array {
  if (content === undefined) return new Uint8Array();
  if (Array.isArray(content)) return Buffer.concat(content.map((one) => field(number, one as Content)));
  if (typeof content === "number" || typeof content === "boolean")
    return Uint8Array.from([...varint((number << 3) | VARINT), ...varint(Number(content))]);
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : (content as Uint8Array);
  return Buffer.concat([
    Uint8Array.from([...varint((number << 3) | LENGTH), ...varint(bytes.length)]),
    bytes,
  ]);
}

/** A message in protobuf's wire format, from its fields by number. */
export function message(fields: Readonly<Record<number, Content>>): Uint8Array {
  return Buffer.concat(Object.entries(fields).map(([number, content]) => field(Number(number), content)));
}

/** A map field: an entry is a message of key and value. */
export function entries(map: Readonly<Record<string, string>> = {}): Uint8Array[] {
  return Object.entries(map).map(([key, value]) => message({ 1: key, 2: value }));
}

/** A message that came; what it does not have reads as protobuf's default: 0, an empty text, no bytes. */
export interface Message {
  /** Exact up to 2^53. */
  number(field: number): number;
  text(field: number): string;
  bytes(field: number): Uint8Array;
  message(field: number): Message;
  messages(field: number): Message[];
}

/** Reads a message in wire format. Throws where there are fields of other kinds than those of this interface. */
export function readMessage(bytes: Uint8Array): Message {
  const found = new Map<number, (bigint | Uint8Array)[]>();
  let at = 0;
  const next = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error("a message ends within a number");
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(next());
    const kind = tag & 7;
    if (kind !== VARINT && kind !== LENGTH) throw new Error(`a field of wire type ${kind} is not expected`);
    const first = next();
    let content: bigint | Uint8Array = first;
    if (kind === LENGTH) {
      content = bytes.subarray(at, at + Number(first));
      at += Number(first);
    }
    found.set(tag >>> 3, [...(found.get(tag >>> 3) ?? []), content]);
  }
  const all = (number: number): Uint8Array[] =>
    (found.get(number) ?? []).filter((content) => content instanceof Uint8Array);
  const numbers = (number: number): bigint[] =>
    (found.get(number) ?? []).filter((content) => typeof content === "bigint");
  const last = (number: number): Uint8Array => all(number).at(-1) ?? new Uint8Array();
  return {
    number: (number) => Number(BigInt.asIntN(64, numbers(number).at(-1) ?? 0n)),
    bytes: last,
    text: (number) => new TextDecoder().decode(last(number)),
    message: (number) => readMessage(last(number)),
    messages: (number) => all(number).map(readMessage),
  };
}
