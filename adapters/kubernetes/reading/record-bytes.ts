import { MalformedError } from "./malformed-error.ts";
import { LONGEST_RECORD } from "./records.ts";

/** One record's bytes, gathered over as many chunks as it comes in. */
export interface RecordBytes {
  /** Keeps a part for later; the network's buffer is not ours to keep. */
  keep(part: Uint8Array): void;
  /** Whether parts are kept. */
  readonly begun: boolean;
  /** The record that ends with these bytes, as `read` reads JSON. */
  parse(last: Uint8Array, what: string, read?: ReadJson): unknown;
}

/** What JSON says, or as much of it as somebody wants. Throws where it is none. */
export type ReadJson = (bytes: Uint8Array) => unknown;

const decoder = new TextDecoder("utf-8", { fatal: true });

function readWhole(bytes: Uint8Array): unknown {
  return JSON.parse(decoder.decode(bytes));
}

export function createRecordBytes(): RecordBytes {
  let parts: Uint8Array[] = [];
  let length = 0;

  return {
    get begun() {
      return length > 0;
    },
    keep(part) {
      length += part.length;
      if (length > LONGEST_RECORD) {
        throw new MalformedError(`an object of more than ${LONGEST_RECORD >> 20} MiB`);
      }
      if (part.length > 0) parts.push(part.slice());
    },
    parse(last, what, read = readWhole) {
      const bytes = length === 0 ? last : Buffer.concat([...parts, last], length + last.length);
      parts = [];
      length = 0;
      try {
        return read(bytes);
      } catch (error) {
        const because = error instanceof Error ? error.message : String(error);
        const begins = new TextDecoder().decode(bytes.subarray(0, 60));
        throw new MalformedError(
          `${what} that is no JSON (${because}), beginning with ${JSON.stringify(begins)}`,
        );
      }
    },
  };
}
