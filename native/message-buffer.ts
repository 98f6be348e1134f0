/** One growing run of bytes, filled from the front; cleared and filled again, it allocates nothing. */
export interface MessageBuffer {
  bytes: Uint8Array;
  /** How many bytes are written. */
  length: number;
}

/** Set in the type of an attribute that holds attributes (NLA_F_NESTED). */
const NESTED = 0x8000;
const MESSAGE_HEADER = 16;
const ATTRIBUTE_HEADER = 4;

export function createMessageBuffer(capacity: number = 65_536): MessageBuffer {
  return { bytes: new Uint8Array(capacity), length: 0 };
}

function room(buffer: MessageBuffer, size: number): number {
  const at = buffer.length;
  const end = at + size;
  if (end > buffer.bytes.length) {
    const larger = new Uint8Array(Math.max(buffer.bytes.length * 2, end));
    larger.set(buffer.bytes);
    buffer.bytes = larger;
  }
  buffer.length = end;
  return at;
}

function putU16Host(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
}

function putU32Host(bytes: Uint8Array, at: number, value: number): void {
  putU16Host(bytes, at, value);
  putU16Host(bytes, at + 2, value >>> 16);
}

export function writeU8(buffer: MessageBuffer, value: number): void {
  const at = room(buffer, 1);
  buffer.bytes[at] = value;
}

export function writeU16(buffer: MessageBuffer, value: number): void {
  const at = room(buffer, 2);
  buffer.bytes[at] = value >>> 8;
  buffer.bytes[at + 1] = value;
}

export function writeU16Host(buffer: MessageBuffer, value: number): void {
  putU16Host(buffer.bytes, room(buffer, 2), value);
}

/** Little-endian, as every machine that Bun runs on: netlink's headers and a few values are in the host's order. */
export function writeU32Host(buffer: MessageBuffer, value: number): void {
  putU32Host(buffer.bytes, room(buffer, 4), value);
}

export function writeBytes(buffer: MessageBuffer, bytes: Uint8Array): void {
  const at = room(buffer, bytes.length);
  buffer.bytes.set(bytes, at);
}

/** Zeros up to the next multiple of four, where netlink wants everything to begin. */
function pad(buffer: MessageBuffer): void {
  const size = -buffer.length & 3;
  if (size === 0) return;
  const at = room(buffer, size);
  buffer.bytes.fill(0, at, at + size);
}

/** Begins an nlmsghdr; the port is the kernel's to fill. Gives what `endMessage` wants. */
export function beginMessage(buffer: MessageBuffer, type: number, flags: number, sequence: number): number {
  const at = room(buffer, MESSAGE_HEADER);
  putU16Host(buffer.bytes, at + 4, type);
  putU16Host(buffer.bytes, at + 6, flags);
  putU32Host(buffer.bytes, at + 8, sequence);
  putU32Host(buffer.bytes, at + 12, 0);
  return at;
}

export function endMessage(buffer: MessageBuffer, start: number): void {
  pad(buffer);
  putU32Host(buffer.bytes, start, buffer.length - start);
}

/** Begins an attribute that holds attributes. Gives what `endAttribute` wants. */
export function beginNested(buffer: MessageBuffer, type: number): number {
  return beginAttribute(buffer, type | NESTED);
}

export function beginAttribute(buffer: MessageBuffer, type: number): number {
  const at = room(buffer, ATTRIBUTE_HEADER);
  putU16Host(buffer.bytes, at + 2, type);
  return at;
}

export function endAttribute(buffer: MessageBuffer, start: number): void {
  putU16Host(buffer.bytes, start, buffer.length - start);
  pad(buffer);
}

export function attributeU32(buffer: MessageBuffer, type: number, value: number): void {
  const at = room(buffer, 8);
  putU16Host(buffer.bytes, at, 8);
  putU16Host(buffer.bytes, at + 2, type);
  buffer.bytes[at + 4] = value >>> 24;
  buffer.bytes[at + 5] = value >>> 16;
  buffer.bytes[at + 6] = value >>> 8;
  buffer.bytes[at + 7] = value;
}

/** In the host's order, as rtnetlink has its numbers. */
export function attributeU32Host(buffer: MessageBuffer, type: number, value: number): void {
  const at = room(buffer, 8);
  putU16Host(buffer.bytes, at, 8);
  putU16Host(buffer.bytes, at + 2, type);
  putU32Host(buffer.bytes, at + 4, value);
}

export function attributeBytes(buffer: MessageBuffer, type: number, bytes: Uint8Array): void {
  const start = beginAttribute(buffer, type);
  writeBytes(buffer, bytes);
  endAttribute(buffer, start);
}

const encoder = new TextEncoder();

/** UTF-8 and a zero. */
export function attributeText(buffer: MessageBuffer, type: number, text: string): void {
  const start = beginAttribute(buffer, type);
  if (!writeAscii(buffer, text)) {
    const most = text.length * 3;
    const at = room(buffer, most);
    const { written } = encoder.encodeInto(text, buffer.bytes.subarray(at, at + most));
    buffer.length = at + written;
  }
  writeU8(buffer, 0);
  endAttribute(buffer, start);
}

/** Names are ASCII and short: this makes no object. False, and nothing written, where the text is not. */
function writeAscii(buffer: MessageBuffer, text: string): boolean {
  const at = room(buffer, text.length);
  const { bytes } = buffer;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > 127) {
      buffer.length = at;
      return false;
    }
    bytes[at + index] = code;
  }
  return true;
}
