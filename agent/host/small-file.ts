import { readFileSync, statSync } from "node:fs";
import { errorCode } from "../../model/error-code.ts";

/** A file of settings, as it is at this moment. */
export type SmallFile =
  /** `settled`: the last write is long enough ago that its writer has surely finished. */
  | { readonly kind: "text"; readonly text: string; readonly settled: boolean }
  | { readonly kind: "missing" }
  | { readonly kind: "unreadable"; readonly because: string };

const MOST_BYTES = 1024 * 1024;
/** A writer that empties a file before it fills it needs less. Milliseconds. */
const WRITING_TIME = 100;

/**
 * Reads it at once: it lies on the node, and is small. Whatever is wrong with it is an answer.
 *
 * @param writingTime how long a write may take, in milliseconds.
 */
export function readSmallFile(path: string, writingTime: number = WRITING_TIME): SmallFile {
  try {
    const stats = statSync(path);
    // A pipe would be waited for until somebody writes.
    if (!stats.isFile()) return { kind: "unreadable", because: "it is no regular file" };
    if (stats.size > MOST_BYTES)
      return { kind: "unreadable", because: `it is larger than ${MOST_BYTES} bytes` };
    const text = readFileSync(path, "utf8");
    const age = Date.now() - stats.mtimeMs;
    return { kind: "text", text, settled: age < 0 || age >= writingTime };
  } catch (error) {
    const code = errorCode(error) ?? "";
    if (code === "ENOENT" || code === "ENOTDIR") return { kind: "missing" };
    return { kind: "unreadable", because: error instanceof Error ? error.message : String(error) };
  }
}
