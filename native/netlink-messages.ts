/** One netlink message as received. Bytes are a copy of its own. */
export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  /** Of whom it answers, or who caused the event; 0: the kernel. */
  readonly portId: number;
  /** What follows the header. */
  readonly payload: Uint8Array;
}

export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
export const NLM_F_REQUEST = 1;
export const NLM_F_ACK = 4;
/** Of requests that make something: instead of what is there; not where something is there; where nothing is there. */
export const NLM_F_REPLACE = 0x100;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;
export const NLM_F_DUMP = 0x300;
/** Of an error: without the refused message behind its header; with the kernel's words at its end. */
const NLM_F_CAPPED = 0x100;
const NLM_F_ACK_TLVS = 0x200;
const NLMSGERR_ATTR_MSG = 1;
/** Something changed between two parts of a dump: it may be incomplete. */
export const NLM_F_DUMP_INTR = 0x10;
const MESSAGE_HEADER = 16;
const ATTRIBUTE_HEADER = 4;
const ATTRIBUTE_TYPE = 0x3fff;

function aligned(size: number): number {
  return (size + 3) & ~3;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** All messages of one datagram, or of several in a row. A cut-off tail is left out. */
export function netlinkMessages(bytes: Uint8Array): NetlinkMessage[] {
  const messages: NetlinkMessage[] = [];
  const view = viewOf(bytes);
  for (let at = 0; at + MESSAGE_HEADER <= bytes.length;) {
    const length = view.getUint32(at, true);
    if (length < MESSAGE_HEADER || at + length > bytes.length) break;
    messages.push({
      type: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      sequence: view.getUint32(at + 8, true),
      portId: view.getUint32(at + 12, true),
      payload: bytes.slice(at + MESSAGE_HEADER, at + length),
    });
    at += aligned(length);
  }
  return messages;
}

/** The attributes that begin at `offset`, by type; of equal types the last. */
export function netlinkAttributes(bytes: Uint8Array, offset: number = 0): Map<number, Uint8Array> {
  const attributes = new Map<number, Uint8Array>();
  const view = viewOf(bytes);
  for (let at = offset; at + ATTRIBUTE_HEADER <= bytes.length;) {
    const length = view.getUint16(at, true);
    if (length < ATTRIBUTE_HEADER || at + length > bytes.length) break;
    attributes.set(
      view.getUint16(at + 2, true) & ATTRIBUTE_TYPE,
      bytes.subarray(at + ATTRIBUTE_HEADER, at + length),
    );
    at += aligned(length);
  }
  return attributes;
}

/** The errno that an NLMSG_ERROR or the end of a dump carries, 0 for success; undefined for other messages. */
export function messageErrno({ type, payload }: NetlinkMessage): number | undefined {
  if (type !== NLMSG_ERROR && type !== NLMSG_DONE) return undefined;
  // `+ 0` turns minus zero, which equals nothing in a test, into zero.
  return payload.length < 4 ? 0 : -viewOf(payload).getInt32(0, true) + 0;
}

/** Big-endian; undefined where the attribute is missing or too short. */
export function attributeNumber(bytes: Uint8Array | undefined): number | undefined {
  return bytes === undefined || bytes.length < 4 ? undefined : viewOf(bytes).getUint32(0);
}

/** In the host's order, as rtnetlink has its numbers; undefined where the attribute is missing or too short. */
export function attributeNumberHost(bytes: Uint8Array | undefined): number | undefined {
  return bytes === undefined || bytes.length < 4 ? undefined : viewOf(bytes).getUint32(0, true);
}

/** What the kernel says of an error beyond its number (extended acknowledgement); undefined where it says nothing. */
export function messageWords({ type, flags, payload }: NetlinkMessage): string | undefined {
  const wanted = NLM_F_CAPPED | NLM_F_ACK_TLVS;
  if (type !== NLMSG_ERROR || (flags & wanted) !== wanted) return undefined;
  return attributeString(netlinkAttributes(payload, 4 + MESSAGE_HEADER).get(NLMSGERR_ATTR_MSG));
}

const decoder = new TextDecoder();

/** Text without its zero; undefined where the attribute is missing. */
export function attributeString(bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined) return undefined;
  const end = bytes.indexOf(0);
  return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
}
