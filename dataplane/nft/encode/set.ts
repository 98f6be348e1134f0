import {
  attributeBytes,
  attributeText,
  attributeU32,
  beginNested,
  endAttribute,
  type MessageBuffer,
} from "../../../native/message-buffer.ts";
import type { MapObject, SetObject } from "../batch.ts";
import { cannotEncode } from "./encode-error.ts";
import { keyTypeId, paddedLength, type SetShape, TYPES } from "./value-types.ts";

export const SET_NAME = 2;
export const SET_FLAGS = 3;
export const SET_KEY_TYPE = 4;
const SET_KEY_LENGTH = 5;
const SET_DATA_TYPE = 6;
const SET_DATA_LENGTH = 7;
const SET_DESCRIPTION = 9;
const SET_ID = 10;
const SET_USERDATA = 13;
const DESCRIPTION_CONCAT = 2;
const LIST_ELEMENT = 1;
const FIELD_LENGTH = 1;

export const INTERVAL = 0x4;
export const MAP = 0x8;
/** For interval sets of several fields only: beside a hash set the kernel refuses it. */
const CONCATENATION = 0x80;
const VERDICT_TYPE = 0xffffff00;
/** Registers that a key may take. */
const KEY_BYTES = 64;

const USERDATA_KEY_ORDER = 0;
const USERDATA_DATA_ORDER = 1;
const USERDATA_U32 = 4;

export function setShape({ type, flags }: Pick<SetObject, "type" | "flags">): SetShape {
  return { types: typeof type === "string" ? [type] : type, interval: flags?.includes("interval") ?? false };
}

/**
 * What nft reads to print the set. Without the order of the key it prints interface names as `""`; an order for the
 * data of a verdict map other than 0 makes nft 1.0.6 abort.
 */
function userdata({ types }: SetShape, map: boolean): Uint8Array {
  const [first] = types;
  const order = types.length === 1 && first !== undefined ? TYPES[first].byteOrder : 0;
  const key = [USERDATA_KEY_ORDER, USERDATA_U32, order, 0, 0, 0];
  const data = [USERDATA_DATA_ORDER, USERDATA_U32, 0, 0, 0, 0];
  return Uint8Array.from(map ? [...key, ...data] : key);
}

function encodeFieldLengths(buffer: MessageBuffer, { types }: SetShape): void {
  const description = beginNested(buffer, SET_DESCRIPTION);
  const concat = beginNested(buffer, DESCRIPTION_CONCAT);
  for (const type of types) {
    const field = beginNested(buffer, LIST_ELEMENT);
    attributeU32(buffer, FIELD_LENGTH, TYPES[type].length);
    endAttribute(buffer, field);
  }
  endAttribute(buffer, concat);
  endAttribute(buffer, description);
}

function keyLength({ types }: SetShape): number {
  const [first] = types;
  return types.length === 1 && first !== undefined
    ? TYPES[first].length
    : types.reduce((sum, type) => sum + paddedLength(type), 0);
}

/** The attributes of a new set or map after the table's name. `id` is unique in the batch. */
export function encodeSet(buffer: MessageBuffer, set: SetObject | MapObject, id: number): void {
  const shape = setShape(set);
  const { types, interval } = shape;
  const length = keyLength(shape);
  if (types.length === 0 || length > KEY_BYTES) return cannotEncode(set.type, "a type of 1 to 64 bytes");
  if (interval && types.length === 1 && types[0] === "ifname")
    return cannotEncode(set.type, "no interval of names");
  const map = "map" in set;
  const ranged = interval && types.length > 1;
  attributeText(buffer, SET_NAME, set.name);
  attributeU32(buffer, SET_FLAGS, (interval ? INTERVAL : 0) | (map ? MAP : 0) | (ranged ? CONCATENATION : 0));
  attributeU32(buffer, SET_KEY_TYPE, keyTypeId(types));
  attributeU32(buffer, SET_KEY_LENGTH, length);
  if (map) {
    attributeU32(buffer, SET_DATA_TYPE, VERDICT_TYPE);
    attributeU32(buffer, SET_DATA_LENGTH, 0);
  }
  attributeU32(buffer, SET_ID, id);
  if (ranged) encodeFieldLengths(buffer, shape);
  attributeBytes(buffer, SET_USERDATA, userdata(shape, map));
}
