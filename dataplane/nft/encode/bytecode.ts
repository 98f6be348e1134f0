import {
  attributeBytes,
  attributeText,
  attributeU32,
  beginNested,
  endAttribute,
  type MessageBuffer,
} from "../../../native/message-buffer.ts";

/** linux/netfilter/nf_tables.h, enum nft_list_attributes and nft_expr_attributes. */
const LIST_ELEMENT = 1;
const EXPRESSION_NAME = 1;
const EXPRESSION_DATA = 2;
const DATA_VALUE = 1;
const DATA_VERDICT = 2;
const VERDICT_CODE = 1;
const VERDICT_CHAIN = 2;

export const META_KEYS = { iifname: 6, oifname: 7, nfproto: 15, l4proto: 16 } as const;
export const NETWORK_HEADER = 1;
export const TRANSPORT_HEADER = 2;
export const COMPARE = { eq: 0, neq: 1, lt: 2, lte: 3, gt: 4, gte: 5 } as const;
const CT_STATE = 0;
const RANGE_OUTSIDE = 1;
const LOOKUP_INVERTED = 1;
const VERDICT_REGISTER = 0;

/** The register where byte `offset` of a key begins: 1 to 4 hold 16 bytes, 8 to 23 are their quarters. */
export function registerAt(offset: number): number {
  return offset % 16 === 0 ? 1 + offset / 16 : 8 + offset / 4;
}

function expression(buffer: MessageBuffer, name: string, data: () => void): void {
  const element = beginNested(buffer, LIST_ELEMENT);
  attributeText(buffer, EXPRESSION_NAME, name);
  const body = beginNested(buffer, EXPRESSION_DATA);
  data();
  endAttribute(buffer, body);
  endAttribute(buffer, element);
}

/** Bytes wrapped as nft_data. */
export function dataAttribute(buffer: MessageBuffer, type: number, bytes: Uint8Array): void {
  const start = beginNested(buffer, type);
  attributeBytes(buffer, DATA_VALUE, bytes);
  endAttribute(buffer, start);
}

/** A verdict wrapped as nft_data. */
export function verdictAttribute(
  buffer: MessageBuffer,
  type: number,
  { code, chain }: { readonly code: number; readonly chain: string | undefined },
): void {
  const data = beginNested(buffer, type);
  const verdict = beginNested(buffer, DATA_VERDICT);
  attributeU32(buffer, VERDICT_CODE, code);
  if (chain !== undefined) attributeText(buffer, VERDICT_CHAIN, chain);
  endAttribute(buffer, verdict);
  endAttribute(buffer, data);
}

export function metaLoad(buffer: MessageBuffer, key: number, register: number): void {
  expression(buffer, "meta", () => {
    attributeU32(buffer, 2, key);
    attributeU32(buffer, 1, register);
  });
}

export function ctStateLoad(buffer: MessageBuffer, register: number): void {
  expression(buffer, "ct", () => {
    attributeU32(buffer, 2, CT_STATE);
    attributeU32(buffer, 1, register);
  });
}

export interface PayloadPlace {
  readonly base: number;
  readonly offset: number;
  readonly length: number;
}

export function payloadLoad(buffer: MessageBuffer, place: PayloadPlace, register: number): void {
  expression(buffer, "payload", () => {
    attributeU32(buffer, 1, register);
    attributeU32(buffer, 2, place.base);
    attributeU32(buffer, 3, place.offset);
    attributeU32(buffer, 4, place.length);
  });
}

export function compare(buffer: MessageBuffer, operator: number, bytes: Uint8Array): void {
  expression(buffer, "cmp", () => {
    attributeU32(buffer, 1, registerAt(0));
    attributeU32(buffer, 2, operator);
    dataAttribute(buffer, 3, bytes);
  });
}

export function outsideRange(buffer: MessageBuffer, first: Uint8Array, last: Uint8Array): void {
  expression(buffer, "range", () => {
    attributeU32(buffer, 1, registerAt(0));
    attributeU32(buffer, 2, RANGE_OUTSIDE);
    dataAttribute(buffer, 3, first);
    dataAttribute(buffer, 4, last);
  });
}

export function bitwiseAnd(buffer: MessageBuffer, mask: Uint8Array): void {
  expression(buffer, "bitwise", () => {
    attributeU32(buffer, 1, registerAt(0));
    attributeU32(buffer, 2, registerAt(0));
    attributeU32(buffer, 3, mask.length);
    dataAttribute(buffer, 4, mask);
    dataAttribute(buffer, 5, new Uint8Array(mask.length));
  });
}

export function lookup(buffer: MessageBuffer, set: string, inverted: boolean): void {
  expression(buffer, "lookup", () => {
    attributeU32(buffer, 2, registerAt(0));
    attributeText(buffer, 1, set);
    if (inverted) attributeU32(buffer, 5, LOOKUP_INVERTED);
  });
}

export function verdictLookup(buffer: MessageBuffer, map: string): void {
  expression(buffer, "lookup", () => {
    attributeU32(buffer, 2, registerAt(0));
    attributeText(buffer, 1, map);
    attributeU32(buffer, 3, VERDICT_REGISTER);
  });
}

export function immediateVerdict(buffer: MessageBuffer, code: number, chain: string | undefined): void {
  expression(buffer, "immediate", () => {
    attributeU32(buffer, 1, VERDICT_REGISTER);
    verdictAttribute(buffer, 2, { code, chain });
  });
}

/** `flags`: NF_NAT_RANGE_*, linux/netfilter/nf_nat.h. */
export function masquerade(buffer: MessageBuffer, flags: number): void {
  expression(buffer, "masq", () => {
    if (flags !== 0) attributeU32(buffer, 1, flags);
  });
}

export function counter(buffer: MessageBuffer): void {
  expression(buffer, "counter", () => {});
}
