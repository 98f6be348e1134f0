import { closeSync, fdatasyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { unfinishedName } from "../handshake/cni-files.ts";

/**
 * Puts `text` into the file, for root's eyes only. Whoever reads it, and after a power cut whoever starts, finds the old
 * file or the new one, whole. Throws what node:fs throws.
 */
export function replaceFile(path: string, text: string): void {
  const unfinished = join(dirname(path), unfinishedName(basename(path)));
  rmSync(unfinished, { force: true });
  const fd = openSync(unfinished, "wx", 0o600);
  try {
    let rest = Buffer.from(text);
    while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest));
    fdatasyncSync(fd);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
  try {
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
}
