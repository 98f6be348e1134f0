import {
  attributeBytes,
  attributeText,
  attributeU32,
  beginNested,
  endAttribute,
  type MessageBuffer,
} from "../../../native/message-buffer.ts";
import type { ElementObject, Expression, Verdict } from "../batch.ts";
import { dataAttribute, verdictAttribute } from "./bytecode.ts";
import { cannotEncode, EncodeError } from "./encode-error.ts";
import { verdictParts } from "./rule.ts";
import { paddedLength, type SetShape, type ValueType } from "./value-types.ts";
import { compareBytes, nextValue, scalarBytes, valueRange } from "./values.ts";

const LIST_SET = 2;
const LIST_ELEMENTS = 3;
const LIST_ELEMENT = 1;
const ELEMENT_KEY = 1;
const ELEMENT_DATA = 2;
const ELEMENT_FLAGS = 3;
const ELEMENT_USERDATA = 6;
const ELEMENT_KEY_END = 10;
const INTERVAL_END = 1;
/** As nft notes it: the interval runs to the last value, so no element ends it. */
const OPEN_INTERVAL = Uint8Array.of(1, 4, 1, 0, 0, 0);
/** An attribute holds 65,535 bytes; the rest is room for the last element. */
const LIST_BYTES = 60_000;

/** One element as the kernel takes it. */
interface KernelElement {
  readonly key: Uint8Array;
  /** Of an interval of several fields: the last key. */
  readonly keyEnd?: Uint8Array;
  readonly verdict?: Verdict | undefined;
  readonly flags?: number;
  readonly open?: boolean;
}

function parts(elem: ElementObject["elem"][number]): readonly [Expression, Verdict | undefined] {
  return Array.isArray(elem) ? (elem as readonly [Expression, Verdict]) : [elem as Expression, undefined];
}

/** The fields side by side, each padded with zeros. */
function packed(fields: readonly Uint8Array[], types: readonly ValueType[]): Uint8Array {
  const offsets: number[] = [];
  let length = 0;
  for (const type of types) {
    offsets.push(length);
    length += paddedLength(type);
  }
  const bytes = new Uint8Array(length);
  for (const [at, field] of fields.entries()) bytes.set(field, offsets[at] ?? 0);
  return bytes;
}

function concatenated(
  key: Expression,
  types: readonly ValueType[],
): readonly (readonly [Expression, ValueType])[] {
  const fields = typeof key === "object" && "concat" in key ? key.concat : undefined;
  if (fields?.length !== types.length) return cannotEncode(key, `a key of ${types.length} fields`);
  return fields.flatMap((field, at) => {
    const type = types[at];
    return type === undefined ? [] : [[field, type] as const];
  });
}

function* intervalElements(
  key: Expression,
  type: ValueType,
  verdict: Verdict | undefined,
): Generator<KernelElement> {
  const { first, last } = valueRange(key, type);
  const end = nextValue(last);
  yield { key: first, verdict, open: end === undefined };
  if (end !== undefined) yield { key: end, flags: INTERVAL_END };
}

function hashKey(key: Expression, { types }: SetShape): Uint8Array {
  const scalar = (value: Expression, type: ValueType) =>
    typeof value === "object" ? cannotEncode(value, `a value of type ${type}`) : scalarBytes(value, type);
  const [only] = types;
  if (types.length === 1 && only !== undefined) return scalar(key, only);
  const fields = concatenated(key, types).map(([field, type]) => scalar(field, type));
  return packed(fields, types);
}

function* kernelElements({ elem }: ElementObject, shape: SetShape): Generator<readonly KernelElement[]> {
  const { types, interval } = shape;
  const [only] = types;
  for (const [key, verdict] of elem.map(parts)) {
    if (!interval) {
      yield [{ key: hashKey(key, shape), verdict }];
    } else if (types.length === 1 && only !== undefined) {
      yield [...intervalElements(key, only, verdict)];
    } else {
      const ranges = concatenated(key, types).map(([field, type]) => valueRange(field, type));
      const first = ranges.map((range) => range.first);
      const last = ranges.map((range) => range.last);
      yield [{ key: packed(first, types), keyEnd: packed(last, types), verdict }];
    }
  }
}

function encodeElement(buffer: MessageBuffer, element: KernelElement): void {
  const start = beginNested(buffer, LIST_ELEMENT);
  if (element.flags !== undefined) attributeU32(buffer, ELEMENT_FLAGS, element.flags);
  dataAttribute(buffer, ELEMENT_KEY, element.key);
  if (element.keyEnd !== undefined) dataAttribute(buffer, ELEMENT_KEY_END, element.keyEnd);
  if (element.verdict !== undefined) verdictAttribute(buffer, ELEMENT_DATA, verdictParts(element.verdict));
  if (element.open === true) attributeBytes(buffer, ELEMENT_USERDATA, OPEN_INTERVAL);
  endAttribute(buffer, start);
}

/**
 * Intervals in their order: where two touch, the end of the lower comes before the start of the upper. Overlaps are
 * refused here because the kernel does not notice them with an interval that runs to the last value.
 */
function inOrder(elements: (readonly KernelElement[])[], { types, interval }: SetShape): void {
  if (!interval || types.length > 1) return;
  const none = new Uint8Array();
  elements.sort(([a], [b]) => compareBytes(a?.key ?? none, b?.key ?? none));
  for (const [at, [start]] of elements.entries()) {
    const lower = elements[at - 1];
    if (lower === undefined || start === undefined) continue;
    const [, end] = lower;
    if (end === undefined || compareBytes(end.key, start.key) > 0) {
      throw new EncodeError("two intervals of one command overlap");
    }
  }
}

/**
 * The attributes after the table's name, in as many messages as their lists need. `message` begins and ends one.
 * `shape` undefined: the set is unknown, and the kernel will say so.
 */
export function encodeElements(
  object: ElementObject,
  {
    buffer,
    shape,
    message,
  }: {
    readonly buffer: MessageBuffer;
    readonly shape: SetShape | undefined;
    readonly message: (body: () => void) => void;
  },
): void {
  const elements = shape === undefined ? [[{ key: new Uint8Array(1) }]] : [...kernelElements(object, shape)];
  if (shape !== undefined) inOrder(elements, shape);
  let next = 0;
  do {
    message(() => {
      attributeText(buffer, LIST_SET, object.name);
      const list = beginNested(buffer, LIST_ELEMENTS);
      for (; next < elements.length && buffer.length - list < LIST_BYTES; next++) {
        for (const element of elements[next] ?? []) encodeElement(buffer, element);
      }
      endAttribute(buffer, list);
    });
  } while (next < elements.length);
}
