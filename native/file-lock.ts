import { dlopen, FFIType } from "bun:ffi";
import { closeSync, constants, openSync } from "node:fs";
import { lastErrno } from "./errno.ts";
import { SystemCallError } from "./system-call-error.ts";

const LOCK_EX = 2;
const EINTR = 4;
const READABLE_BY_OWNER = 0o600;

const {
  symbols: { flock },
} = dlopen("libc.so.6", { flock: { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 } });

/**
 * Holds flock(2) on a file, which is made where it is missing, until it is disposed of or the process ends. Whoever else
 * holds it is waited for, for as long as it takes, and the thread waits with it: a process that holds the lock already
 * waits for itself. Throws SystemCallError, and what node:fs throws for a path that cannot be opened.
 */
export function lockFile(path: string): Disposable {
  const fd = openSync(path, constants.O_CREAT | constants.O_RDONLY, READABLE_BY_OWNER);
  while (flock(fd, LOCK_EX) !== 0) {
    const errno = lastErrno();
    if (errno === EINTR) continue;
    closeSync(fd);
    throw new SystemCallError(`lock the file "${path}"`, errno);
  }
  let held = true;
  return {
    [Symbol.dispose]() {
      if (!held) return;
      held = false;
      closeSync(fd);
    },
  };
}
