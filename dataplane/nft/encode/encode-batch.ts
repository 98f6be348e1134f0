import { attributeText, type MessageBuffer } from "../../../native/message-buffer.ts";
import type { Batch, Command, ElementObject, MapObject, SetObject } from "../batch.ts";
import type { Failure } from "../writer.ts";
import { CHAIN_NAME, encodeChain, encodeTable } from "./chain.ts";
import { encodeElements } from "./elements.ts";
import { EncodeError } from "./encode-error.ts";
import { type KnownSets, shapeOf, stageSet, stageTableDeletion } from "./known-sets.ts";
import {
  beginBatch,
  endBatch,
  MESSAGE,
  type MessageKind,
  NLM_F_APPEND,
  NLM_F_CREATE,
  sequenceOf,
  tableMessage,
} from "./messages.ts";
import { encodeFlush, encodeRule } from "./rule.ts";
import { encodeSet, SET_NAME, setShape } from "./set.ts";

interface Place {
  readonly buffer: MessageBuffer;
  readonly known: KnownSets;
  readonly sequence: number;
}

interface Envelope {
  readonly kind: MessageKind;
  readonly flags?: number;
  readonly table: string;
}

function message({ buffer, sequence }: Place, { kind, flags = 0, table }: Envelope, body: () => void): void {
  tableMessage(buffer, { kind, flags, sequence, table }, body);
}

function encodeElementCommand(place: Place, kind: MessageKind, object: ElementObject): void {
  const flags = kind === MESSAGE.newElement ? NLM_F_CREATE : 0;
  encodeElements(object, {
    buffer: place.buffer,
    shape: shapeOf(place.known, object.table, object.name),
    message: (body) => message(place, { kind, flags, table: object.table }, body),
  });
}

function encodeSetCommand(place: Place, set: SetObject | MapObject): void {
  const { buffer, known, sequence } = place;
  const { table, name } = set;
  message(place, { kind: MESSAGE.newSet, flags: NLM_F_CREATE, table }, () =>
    encodeSet(buffer, set, sequence),
  );
  stageSet(known, table, { name, shape: setShape(set) });
}

function encodeAdd(place: Place, add: Extract<Command, { add: unknown }>["add"]): void {
  const { buffer } = place;
  const flags = NLM_F_CREATE;
  if ("table" in add) {
    message(place, { kind: MESSAGE.newTable, flags, table: add.table.name }, () =>
      encodeTable(buffer, add.table),
    );
  } else if ("chain" in add) {
    message(place, { kind: MESSAGE.newChain, flags, table: add.chain.table }, () =>
      encodeChain(buffer, add.chain),
    );
  } else if ("rule" in add) {
    const envelope = { kind: MESSAGE.newRule, flags: flags | NLM_F_APPEND, table: add.rule.table };
    message(place, envelope, () => encodeRule(buffer, add.rule));
  } else if ("set" in add) {
    encodeSetCommand(place, add.set);
  } else if ("map" in add) {
    encodeSetCommand(place, add.map);
  } else {
    encodeElementCommand(place, MESSAGE.newElement, add.element);
  }
}

function encodeDelete(place: Place, gone: Extract<Command, { delete: unknown }>["delete"]): void {
  const { buffer, known } = place;
  if ("table" in gone) {
    message(place, { kind: MESSAGE.deleteTable, table: gone.table.name }, () => {});
    stageTableDeletion(known, gone.table.name);
  } else if ("chain" in gone) {
    const { table, name } = gone.chain;
    message(place, { kind: MESSAGE.deleteChain, table }, () => attributeText(buffer, CHAIN_NAME, name));
  } else if ("element" in gone) {
    encodeElementCommand(place, MESSAGE.deleteElement, gone.element);
  } else {
    const { table, name } = "set" in gone ? gone.set : gone.map;
    message(place, { kind: MESSAGE.deleteSet, table }, () => attributeText(buffer, SET_NAME, name));
    stageSet(known, table, { name, shape: undefined });
  }
}

function encodeCommand(place: Place, command: Command): void {
  if ("add" in command) return encodeAdd(place, command.add);
  if ("delete" in command) return encodeDelete(place, command.delete);
  const { table, name } = command.flush.chain;
  message(place, { kind: MESSAGE.deleteRule, table }, () => encodeFlush(place.buffer, name));
}

/**
 * Replaces what `buffer` holds by one transaction of nfnetlink messages, BATCH_BEGIN to BATCH_END. Gives the commands
 * that no message can be made of: with one of them, the batch must not be sent.
 */
export function encodeBatch(buffer: MessageBuffer, batch: Batch, known: KnownSets): readonly Failure[] {
  const failures: Failure[] = [];
  buffer.length = 0;
  beginBatch(buffer);
  for (const [index, command] of batch.nftables.entries()) {
    const start = buffer.length;
    try {
      encodeCommand({ buffer, known, sequence: sequenceOf(index) }, command);
    } catch (error) {
      if (!(error instanceof EncodeError)) throw error;
      buffer.length = start;
      failures.push({ index, code: "EINVAL", message: `cannot be encoded: ${error.message}` });
    }
  }
  endBatch(buffer);
  return failures;
}
