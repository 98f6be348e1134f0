import { createKnownTexts } from "./known-texts.ts";

/**
 * Which fields of a JSON object are wanted: a value whole, or some fields of it. The entries of a list are passed through.
 * `shared`: whole, and many objects say the same there: they get one value, which nobody may change.
 */
export interface Fields {
  readonly [name: string]: true | "shared" | Fields;
}

/** Not JSON, as far as it was looked at. */
export class MalformedJsonError extends Error {
  override readonly name = "MalformedJsonError";
}

/** Reads the wanted fields of the JSON value in `bytes` from `start` to `end`; anything that is no object is read whole. */
export type FieldReader = (bytes: Uint8Array, start?: number, end?: number) => unknown;

interface Wanted {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly shared: boolean;
  /** Undefined: whole. */
  readonly inside: readonly Wanted[] | undefined;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

// What is alike in a list stands together; what is long is rare.
const TEXTS = { slots: 1_024, longest: 64 };
const SHARED = { slots: 1_024, longest: 2_048 };

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

function wantedFields(fields: Fields): Wanted[] {
  return Object.entries(fields).map(([name, inside]) => ({
    name,
    bytes: encoder.encode(name),
    shared: inside === "shared",
    inside: typeof inside === "object" ? wantedFields(inside) : undefined,
  }));
}

/**
 * Behind the quote that ends the text that begins at `at`; more than `stop`: there is none. Four bytes a turn: nearly all bytes
 * of a cluster go by here, and it makes this half as fast again.
 */
function textEnd(bytes: Uint8Array, at: number, stop: number): number {
  let index = at;
  for (const last = stop - 3; index < last; index += 4) {
    const first = bytes[index];
    if (first === QUOTE) return index + 1;
    if (first === BACKSLASH) break;
    const second = bytes[index + 1];
    if (second === QUOTE) return index + 2;
    if (second === BACKSLASH) break;
    const third = bytes[index + 2];
    if (third === QUOTE) return index + 3;
    if (third === BACKSLASH) break;
    const fourth = bytes[index + 3];
    if (fourth === QUOTE) return index + 4;
    if (fourth === BACKSLASH) break;
  }
  for (; index < stop; index++) {
    const byte = bytes[index];
    if (byte === QUOTE) return index + 1;
    if (byte === BACKSLASH) index++;
  }
  return stop + 1;
}

/** Behind the bracket that closes the one at `at`; more than `stop`: there is none. */
function bracketEnd(bytes: Uint8Array, at: number, stop: number): number {
  let depth = 0;
  for (let index = at; index < stop; index++) {
    const byte = bytes[index]!;
    if (byte === QUOTE) index = textEnd(bytes, index + 1, stop) - 1;
    // Braces and brackets differ in one bit.
    else if ((byte | 0x20) === OPEN_OBJECT) depth++;
    else if ((byte | 0x20) === CLOSE_OBJECT && --depth === 0) return index + 1;
  }
  return stop + 1;
}

/** Behind the number, true, false or null at `at`. */
function wordEnd(bytes: Uint8Array, at: number, stop: number): number {
  for (let index = at; index < stop; index++) {
    const byte = bytes[index]!;
    if (byte === COMMA || byte === CLOSE_OBJECT || byte === CLOSE_LIST || byte <= 0x20) return index;
  }
  return stop;
}

/**
 * Reads a few fields of large objects: a pod of 3 kB holds some 300 bytes that policies are about, and parsing the rest makes ten
 * times the garbage. Nothing is said about what is passed over, other than that its brackets and quotes match. A name that is
 * written with escapes is not found: the API server writes none.
 *
 * @throws MalformedJsonError, and SyntaxError by JSON.parse
 */
export function fieldReader(fields: Fields): FieldReader {
  const wanted = wantedFields(fields);
  const plainText = createKnownTexts((text) => text, TEXTS);
  const sharedValue = createKnownTexts<unknown>((text) => JSON.parse(text), SHARED);
  let input = new Uint8Array();
  let at = 0;
  let stop = 0;

  function malformed(expected: string): MalformedJsonError {
    return new MalformedJsonError(`expected ${expected} at byte ${at}`);
  }

  /** The first byte that is no white space, left in `at`. */
  function next(): number {
    while (at < stop) {
      const byte = input[at]!;
      if (byte > 0x20) return byte;
      at++;
    }
    throw malformed("more");
  }

  function skipText(): void {
    at = textEnd(input, at + 1, stop);
    if (at > stop) throw malformed("the end of a text");
  }

  function skipValue(): void {
    const first = next();
    if (first === QUOTE) return skipText();
    const start = at;
    at =
      first === OPEN_OBJECT || first === OPEN_LIST ? bracketEnd(input, at, stop) : wordEnd(input, at, stop);
    if (at === start) throw malformed("a value");
    if (at > stop) throw malformed("a closing bracket");
  }

  function named(from: number, to: number, among: readonly Wanted[]): Wanted | undefined {
    search: for (const candidate of among) {
      const { bytes } = candidate;
      if (bytes.length !== to - from) continue;
      for (let index = 0; index < bytes.length; index++) {
        if (bytes[index] !== input[from + index]) continue search;
      }
      return candidate;
    }
    return undefined;
  }

  function parse(start: number): unknown {
    return JSON.parse(decoder.decode(input.subarray(start, at)));
  }

  function readWhole(): unknown {
    const first = next();
    const start = at;
    skipValue();
    if (first === QUOTE) return plainText(input, start + 1, at - 1) ?? parse(start);
    const isWord = first !== OPEN_OBJECT && first !== OPEN_LIST;
    return (isWord ? sharedValue(input, start, at) : undefined) ?? parse(start);
  }

  function readShared(): unknown {
    next();
    const start = at;
    skipValue();
    return sharedValue(input, start, at) ?? parse(start);
  }

  function readList(among: readonly Wanted[]): unknown[] {
    const list: unknown[] = [];
    at++;
    if (next() === CLOSE_LIST) {
      at++;
      return list;
    }
    for (;;) {
      list.push(readSome(among));
      const byte = next();
      at++;
      if (byte === CLOSE_LIST) return list;
      if (byte !== COMMA) throw malformed("a comma or ]");
    }
  }

  function readObject(among: readonly Wanted[]): object {
    const object: Record<string, unknown> = {};
    at++;
    for (let byte = next(); byte !== CLOSE_OBJECT; byte = next()) {
      if (byte === COMMA) {
        at++;
        byte = next();
      }
      if (byte !== QUOTE) throw malformed("a field's name");
      const start = at;
      skipText();
      const field = named(start + 1, at - 1, among);
      if (next() !== COLON) throw malformed("a colon");
      at++;
      if (field === undefined) skipValue();
      else if (field.shared) object[field.name] = readShared();
      else object[field.name] = field.inside === undefined ? readWhole() : readSome(field.inside);
    }
    at++;
    return object;
  }

  function readSome(among: readonly Wanted[]): unknown {
    const byte = next();
    if (byte === OPEN_OBJECT) return readObject(among);
    if (byte === OPEN_LIST) return readList(among);
    return readWhole();
  }

  return (bytes, start = 0, end = bytes.length) => {
    input = bytes as Uint8Array<ArrayBuffer>;
    at = start;
    stop = end;
    const value = readSome(wanted);
    while (at < stop) if (input[at++]! > 0x20) throw malformed("nothing more");
    return value;
  };
}
