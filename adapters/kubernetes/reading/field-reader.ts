/** Which fields of a JSON object are wanted: a value whole, or some fields of it. The entries of a list are passed through. */
export interface Fields {
  readonly [name: string]: true | Fields;
}

/** Not JSON, as far as it was looked at. */
export class MalformedJsonError extends Error {
  override readonly name = "MalformedJsonError";
}

/** Reads the wanted fields of the JSON value in `bytes` from `start` to `end`; anything that is no object is read whole. */
export type FieldReader = (bytes: Uint8Array, start?: number, end?: number) => unknown;

interface Wanted {
  readonly name: Uint8Array;
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

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

function wantedFields(fields: Fields): Wanted[] {
  return Object.entries(fields).map(([name, inside]) => ({
    name: encoder.encode(name),
    inside: inside === true ? undefined : wantedFields(inside),
  }));
}

/** Behind the quote that ends the text that begins at `at`; more than `stop`: there is none. */
function textEnd(bytes: Uint8Array, at: number, stop: number): number {
  for (let index = at; index < stop; index++) {
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
    if (byte === QUOTE) {
      for (index++; index < stop; index++) {
        const inside = bytes[index];
        if (inside === QUOTE) break;
        if (inside === BACKSLASH) index++;
      }
    } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) depth++;
    else if ((byte === CLOSE_OBJECT || byte === CLOSE_LIST) && --depth === 0) return index + 1;
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
  let output = new Uint8Array(4_096);
  let length = 0;
  let input: Uint8Array = output;
  let at = 0;
  let stop = 0;

  function malformed(expected: string): MalformedJsonError {
    return new MalformedJsonError(`expected ${expected} at byte ${at}`);
  }

  function makeRoom(size: number): void {
    if (length + size <= output.length) return;
    const larger = new Uint8Array(Math.max(output.length * 2, length + size));
    larger.set(output.subarray(0, length));
    output = larger;
  }

  function copy(from: number, to: number): void {
    const size = to - from;
    makeRoom(size);
    // Short pieces are the rule: a loop beats the call.
    if (size < 48) for (let index = from; index < to; index++) output[length++] = input[index]!;
    else {
      output.set(input.subarray(from, to), length);
      length += size;
    }
  }

  function put(byte: number): void {
    makeRoom(1);
    output[length++] = byte;
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
      const { name } = candidate;
      if (name.length !== to - from) continue;
      for (let index = 0; index < name.length; index++) {
        if (name[index] !== input[from + index]) continue search;
      }
      return candidate;
    }
    return undefined;
  }

  function selectList(among: readonly Wanted[]): void {
    put(OPEN_LIST);
    at++;
    if (next() === CLOSE_LIST) at++;
    else {
      for (;;) {
        select(among);
        const byte = next();
        at++;
        if (byte === CLOSE_LIST) break;
        if (byte !== COMMA) throw malformed("a comma or ]");
        put(COMMA);
      }
    }
    put(CLOSE_LIST);
  }

  function selectObject(among: readonly Wanted[]): void {
    put(OPEN_OBJECT);
    at++;
    let first = true;
    for (let byte = next(); byte !== CLOSE_OBJECT; byte = next()) {
      if (byte === COMMA) {
        at++;
        byte = next();
      }
      if (byte !== QUOTE) throw malformed("a field's name");
      const start = at;
      skipText();
      const end = at;
      if (next() !== COLON) throw malformed("a colon");
      at++;
      const field = named(start + 1, end - 1, among);
      if (field === undefined) {
        skipValue();
        continue;
      }
      if (!first) put(COMMA);
      first = false;
      copy(start, end);
      put(COLON);
      select(field.inside);
    }
    at++;
    put(CLOSE_OBJECT);
  }

  function select(among: readonly Wanted[] | undefined): void {
    const byte = next();
    if (among !== undefined && byte === OPEN_OBJECT) return selectObject(among);
    if (among !== undefined && byte === OPEN_LIST) return selectList(among);
    const start = at;
    skipValue();
    copy(start, at);
  }

  return (bytes, start = 0, end = bytes.length) => {
    input = bytes;
    at = start;
    stop = end;
    length = 0;
    select(wanted);
    while (at < stop) if (input[at++]! > 0x20) throw malformed("nothing more");
    return JSON.parse(decoder.decode(output.subarray(0, length)));
  };
}
