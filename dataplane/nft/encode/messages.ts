import {
  attributeText,
  beginMessage,
  endMessage,
  type MessageBuffer,
  writeU16,
  writeU8,
} from "../../../native/message-buffer.ts";
import { FAMILY } from "../batch.ts";

/** linux/netfilter/nf_tables.h, enum nf_tables_msg_types. */
export const MESSAGE = {
  newTable: 0,
  getTable: 1,
  deleteTable: 2,
  newChain: 3,
  getChain: 4,
  deleteChain: 5,
  newRule: 6,
  deleteRule: 8,
  newSet: 9,
  getSet: 10,
  deleteSet: 11,
  newElement: 12,
  deleteElement: 14,
} as const;

/** The first attribute of every message names the table. */
export const TABLE_NAME = 1;

const NLM_F_REQUEST = 0x1;
export const NLM_F_DUMP = 0x300;
export const NLM_F_CREATE = 0x400;
export const NLM_F_APPEND = 0x800;

const NFTABLES = 0x0a00;
const BATCH_BEGIN = 0x10;
const BATCH_END = 0x11;
const NFTABLES_SUBSYSTEM = 10;
const FAMILIES = { [FAMILY]: 1 } as const;
/** Commands count from 1: what concerns the batch as a whole comes back with the sequence number 0. */
const BATCH_SEQUENCE = 0;

export type MessageKind = (typeof MESSAGE)[keyof typeof MESSAGE];

export function sequenceOf(command: number): number {
  return command + 1;
}

/** -1: the batch as a whole. */
export function commandOf(sequence: number): number {
  return sequence - 1;
}

/** A whole message about `table`: `body` writes the attributes after its name. */
export function tableMessage(
  buffer: MessageBuffer,
  {
    kind,
    flags,
    sequence,
    table,
  }: {
    readonly kind: MessageKind;
    readonly flags: number;
    readonly sequence: number;
    readonly table: string;
  },
  body: () => void,
): void {
  const start = beginMessage(buffer, NFTABLES | kind, NLM_F_REQUEST | flags, sequence);
  writeU8(buffer, FAMILIES[FAMILY]);
  writeU8(buffer, 0);
  writeU16(buffer, 0);
  attributeText(buffer, TABLE_NAME, table);
  body();
  endMessage(buffer, start);
}

function batchEdge(buffer: MessageBuffer, type: number): void {
  const start = beginMessage(buffer, type, NLM_F_REQUEST, BATCH_SEQUENCE);
  writeU8(buffer, 0);
  writeU8(buffer, 0);
  writeU16(buffer, NFTABLES_SUBSYSTEM);
  endMessage(buffer, start);
}

export function beginBatch(buffer: MessageBuffer): void {
  batchEdge(buffer, BATCH_BEGIN);
}

export function endBatch(buffer: MessageBuffer): void {
  batchEdge(buffer, BATCH_END);
}
