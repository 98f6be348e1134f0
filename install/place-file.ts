import {
  chmodSync,
  closeSync,
  copyFileSync,
  fsyncSync,
  linkSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { unfinishedName } from "../handshake/cni-files.ts";

const CHUNK = 1024 * 1024;

/** Whether both files have the same content; false where `b` is missing. Throws what node:fs throws. */
export function isEqualFile(a: string, b: string): boolean {
  const other = statSync(b, { throwIfNoEntry: false });
  if (other === undefined || !other.isFile() || other.size !== statSync(a).size) return false;
  const fds = [openSync(a, "r"), openSync(b, "r")] as const;
  const buffers = [Buffer.alloc(CHUNK), Buffer.alloc(CHUNK)] as const;
  try {
    for (;;) {
      const [one, two] = [readSync(fds[0], buffers[0]), readSync(fds[1], buffers[1])];
      if (one !== two || !buffers[0].subarray(0, one).equals(buffers[1].subarray(0, two))) return false;
      if (one === 0) return true;
    }
  } finally {
    for (const fd of fds) closeSync(fd);
  }
}

/** A file that stands beside its final place until somebody found it good. */
export interface UnfinishedFile extends Disposable {
  readonly path: string;
  /** Puts it into its place, at once and whole: whoever runs the old one goes on with that. */
  finish(): void;
}

/** Copies `source` beside `directory/name`; unless it is finished, nothing stays of it. Throws what node:fs throws. */
export function copyBeside(source: string, directory: string, name: string): UnfinishedFile {
  const path = join(directory, unfinishedName(name));
  rmSync(path, { force: true });
  let finished = false;
  const remove = (): void => {
    if (!finished) rmSync(path, { force: true });
  };
  try {
    copyFileSync(source, path);
    chmodSync(path, 0o755);
    const fd = openSync(path, "r");
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    remove();
    throw error;
  }
  return {
    path,
    finish() {
      renameSync(path, join(directory, name));
      finished = true;
    },
    [Symbol.dispose]: remove,
  };
}

/** Gives `directory/from` a second name, in place of what had it, without a second copy where the file system can. */
export function placeAgain(directory: string, from: string, name: string): void {
  const [source, path, unfinished] = [from, name, unfinishedName(name)].map((one) =>
    join(directory, one),
  ) as [string, string, string];
  const [before, after] = [statSync(source), statSync(path, { throwIfNoEntry: false })];
  // Renaming one name of a file to another of the same file does nothing, and would leave the first behind.
  if (after?.dev === before.dev && after.ino === before.ino) return;
  rmSync(unfinished, { force: true });
  try {
    linkSync(source, unfinished);
    renameSync(unfinished, path);
  } catch {
    using copy = copyBeside(source, directory, name);
    copy.finish();
  }
}
