import { MalformedError } from "./malformed-error.ts";
import { createRecordBytes, type ReadJson } from "./record-bytes.ts";
import type { Records } from "./records.ts";

const NEWLINE = 0x0a;

/** A watch's body: one JSON value a line. A body that ends within a line is malformed. */
export function createJsonLines(read?: ReadJson): Records<void> {
  const line = createRecordBytes();
  let bytes = new Uint8Array();
  let at = 0;

  function take(): unknown {
    while (at < bytes.length) {
      const end = bytes.indexOf(NEWLINE, at);
      if (end === -1) {
        line.keep(bytes.subarray(at));
        at = bytes.length;
        return undefined;
      }
      const last = bytes.subarray(at, end);
      at = end + 1;
      // Go's decoder lets empty lines pass, too.
      if (line.begun || last.some((byte) => byte > 0x20)) return line.parse(last, "a line", read);
    }
    return undefined;
  }

  return {
    feed(next) {
      bytes = next as Uint8Array<ArrayBuffer>;
      at = 0;
    },
    take,
    end() {
      if (line.begun) throw new MalformedError("a body that ends in the middle of a line");
    },
  };
}
