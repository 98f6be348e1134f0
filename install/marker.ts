import { closeSync, openSync, readSync } from "node:fs";

/** Stands in every executable that compile.ts makes of this source, so that our files are told from Calico's by it. */
export const MARKER = "This file is tortie's executable, the agent and the CNI plugin of one node.";

const CHUNK = 4 * 1024 * 1024;

/** Whether the file is an executable of ours, of whatever version. Throws what node:fs throws. */
export function isTortie(path: string): boolean {
  const marker = Buffer.from(MARKER);
  const buffer = Buffer.alloc(CHUNK + marker.length);
  const fd = openSync(path, "r");
  try {
    // What was read last stands before what comes next: the marker may lie across.
    let kept = 0;
    for (;;) {
      const length = readSync(fd, buffer, kept, CHUNK, null);
      if (length === 0) return false;
      const end = kept + length;
      if (buffer.subarray(0, end).includes(marker)) return true;
      kept = Math.min(end, marker.length);
      buffer.copy(buffer, 0, end - kept, end);
    }
  } finally {
    closeSync(fd);
  }
}
