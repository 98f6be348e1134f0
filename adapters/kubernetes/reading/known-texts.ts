/** Looks at the bytes of a text and gives what was made of them; undefined: they are not plain, or too many. */
export type KnownTexts<Value> = (bytes: Uint8Array, from: number, to: number) => Value | undefined;

interface Known<Value> {
  readonly text: string;
  readonly value: Value;
}

const BACKSLASH = 0x5c;

function says(text: string, bytes: Uint8Array, from: number): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) !== bytes[from + at]) return false;
  return true;
}

/**
 * Most texts of a list are in it a thousand times: they are found by their bytes, and `make` is called for a text that was not met
 * lately. Plain are bytes that stand for themselves: ASCII that can be seen, without a backslash. `slots`, a power of two: how
 * many are remembered; two that meet in one slot take turns.
 */
export function createKnownTexts<Value>(
  make: (text: string) => Value,
  { slots, longest }: { readonly slots: number; readonly longest: number },
): KnownTexts<Value> {
  const known = Array.from<Known<Value> | undefined>({ length: slots });
  return (bytes, from, to) => {
    if (to - from > longest) return undefined;
    // FNV-1a.
    let hash = 0x811c9dc5;
    for (let at = from; at < to; at++) {
      const byte = bytes[at]!;
      if (byte < 0x20 || byte > 0x7e || byte === BACKSLASH) return undefined;
      hash = Math.imul(hash ^ byte, 0x01000193);
    }
    const slot = (hash ^ (hash >>> 15)) & (slots - 1);
    const last = known[slot];
    if (last !== undefined && last.text.length === to - from && says(last.text, bytes, from))
      return last.value;
    const text: string = Buffer.prototype.toString.call(bytes, "latin1", from, to);
    const value = make(text);
    known[slot] = { text, value };
    return value;
  };
}
