import { MalformedError } from "./malformed-error.ts";
import { createRecordBytes, type ReadJson } from "./record-bytes.ts";
import type { Records } from "./records.ts";

/** What a list says of itself. */
export interface ListEnd {
  /** `metadata`, as it stands there; undefined: it has none. */
  readonly metadata: unknown;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const SPACE = 0x20;

/**
 * A list's body: the elements of `items` one by one, whatever the order of the members around them. A body of
 * hundreds of megabytes is never one string, nor one value. Bytes are enough: nothing that ASCII means can hide in
 * UTF-8's longer sequences.
 */
export function createListItems(readItem?: ReadJson): Records<ListEnd> {
  const kept = createRecordBytes();
  let bytes: Uint8Array = new Uint8Array();
  let at = 0;
  let depth = 0;
  let inString = false;
  let escaped = false;
  /** The next string at depth 1 is a member's name. */
  let nameComes = false;
  let name = "";
  /** What is being gathered; elements and `metadata` are parsed when their last brace has come. */
  let gathering: "nothing" | "name" | "item" | "metadata" = "nothing";
  let from = 0;
  let inItems = false;
  let itemsSeen = false;
  let complete = false;
  let metadata: unknown;

  function gather(what: "name" | "item" | "metadata"): void {
    gathering = what;
    from = at;
  }

  /** What was gathered, up to and including the byte at `at`. */
  function gathered(): unknown {
    const last = bytes.subarray(from, at + 1);
    const what = gathering;
    gathering = "nothing";
    return what === "item" ? kept.parse(last, "an item", readItem) : kept.parse(last, `a ${what}`);
  }

  function stray(): never {
    throw new MalformedError(
      `no list of objects: unexpected ${JSON.stringify(String.fromCharCode(bytes[at] ?? 0))}`,
    );
  }

  function open(byte: number): void {
    if (depth === 0) {
      if (byte !== OPEN_BRACE || complete) stray();
      nameComes = true;
    } else if (depth === 1 && name === "items") {
      if (byte !== OPEN_BRACKET) stray();
      inItems = true;
      itemsSeen = true;
    } else if (depth === 1 && name === "metadata" && byte === OPEN_BRACE) {
      gather("metadata");
    } else if (depth === 2 && inItems) {
      if (byte !== OPEN_BRACE) stray();
      gather("item");
    }
    depth++;
  }

  function close(): void {
    depth--;
    if (depth === 1 && gathering === "metadata") metadata = gathered();
    if (depth === 1) inItems = false;
    if (depth === 0) complete = true;
    if (depth < 0) stray();
  }

  function quote(): void {
    if (depth === 0 || (depth === 2 && inItems)) stray();
    inString = true;
    if (depth === 1 && nameComes) gather("name");
  }

  function unquote(): void {
    inString = false;
    if (gathering !== "name") return;
    name = String(gathered());
    nameComes = false;
  }

  function other(byte: number): void {
    if (byte === COMMA && depth === 1) nameComes = true;
    else if (byte > SPACE && (depth === 0 || (depth === 2 && inItems && byte !== COMMA))) stray();
    // An empty list of Go is written so.
    else if (depth === 1 && name === "items" && byte === 0x6e) itemsSeen = true;
  }

  /** The item, if it ends in these bytes. A loop for itself, in locals: it sees nearly every byte of every list. */
  function takeItem(): unknown {
    const all = bytes;
    const { length } = all;
    let index = at;
    let level = depth;
    let quoted = inString;
    for (; index < length; index++) {
      const byte = all[index]!;
      if (quoted) {
        if (byte === BACKSLASH) index++;
        else if (byte === QUOTE) quoted = false;
      } else if (byte === QUOTE) quoted = true;
      // Braces and brackets differ in one bit.
      else if ((byte | 0x20) === OPEN_BRACE) level++;
      else if ((byte | 0x20) === CLOSE_BRACE && --level === 2) break;
    }
    // Beyond the end: the last byte escapes the first of those to come.
    escaped = index > length;
    at = Math.min(index, length);
    depth = level;
    inString = quoted;
    if (at === length) return undefined;
    const item = gathered();
    at++;
    return item;
  }

  function skipString(): void {
    while (at < bytes.length && bytes[at] !== QUOTE && bytes[at] !== BACKSLASH) at++;
    if (at === bytes.length) return;
    if (bytes[at] === BACKSLASH) escaped = true;
    else unquote();
    at++;
  }

  function take(): unknown {
    while (at < bytes.length) {
      if (escaped) {
        escaped = false;
        at++;
      } else if (gathering === "item") {
        const item = takeItem();
        if (item !== undefined) return item;
      } else if (inString) {
        skipString();
      } else {
        const byte = bytes[at]!;
        if (byte === QUOTE) quote();
        else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) open(byte);
        else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) close();
        else if (depth < 3) other(byte);
        at++;
      }
    }
    if (gathering !== "nothing") kept.keep(bytes.subarray(from));
    from = 0;
    bytes = bytes.subarray(0, 0);
    at = 0;
    return undefined;
  }

  return {
    feed(next) {
      bytes = next;
      at = 0;
      from = 0;
    },
    take,
    end() {
      if (!complete) throw new MalformedError("a list that ends in the middle");
      if (!itemsSeen) throw new MalformedError("no list: it has no items");
      return { metadata };
    },
  };
}
