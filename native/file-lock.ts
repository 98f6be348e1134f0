import { dlopen, FFIType } from "bun:ffi";
import { closeSync, constants, openSync } from "node:fs";
import { lastErrno } from "./errno.ts";
import { SystemCallError } from "./system-call-error.ts";

const LOCK_EX_NB = 2 | 4;
const EINTR = 4;
const EWOULDBLOCK = 11;
const READABLE_BY_OWNER = 0o600;

const {
  symbols: { flock },
} = dlopen("libc.so.6", { flock: { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 } });

/** How long to wait for a lock that somebody else holds. */
export interface LockPatience {
  readonly milliseconds: number;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
  /** Between two attempts. */
  readonly everyMilliseconds?: number;
}

const EVERY_MILLISECONDS = 5;

/** Takes flock(2) of an open file; false: another open file holds it. Throws SystemCallError. */
export function tryLock(fd: number): boolean {
  while (flock(fd, LOCK_EX_NB) !== 0) {
    const errno = lastErrno();
    if (errno === EWOULDBLOCK) return false;
    if (errno !== EINTR) throw new SystemCallError("lock a file", errno);
  }
  return true;
}

/**
 * Takes flock(2) of an open file, and tries for as long as the patience lasts; false: another open file holds it still. It is
 * held until this open file is closed everywhere, in processes that inherited it, too. Throws SystemCallError.
 */
export async function awaitLock(fd: number, patience: LockPatience): Promise<boolean> {
  const { milliseconds, signal, everyMilliseconds = EVERY_MILLISECONDS } = patience;
  const end = performance.now() + milliseconds;
  while (!tryLock(fd)) {
    // A system call that waits could neither be given up nor told to stop.
    if (signal?.aborted === true || performance.now() >= end) return false;
    await Bun.sleep(everyMilliseconds);
  }
  return true;
}

/**
 * Holds flock(2) on a file, which is made where it is missing, until it is disposed of or the process ends; undefined: the
 * patience ended first. Throws SystemCallError, and what node:fs throws for a path that cannot be opened.
 */
export async function lockFile(path: string, patience: LockPatience): Promise<Disposable | undefined> {
  let fd: number | undefined = openSync(path, constants.O_CREAT | constants.O_RDONLY, READABLE_BY_OWNER);
  const close = (): void => {
    if (fd !== undefined) closeSync(fd);
    fd = undefined;
  };
  try {
    if (await awaitLock(fd, patience)) return { [Symbol.dispose]: close };
  } catch (error) {
    close();
    throw error;
  }
  close();
  return undefined;
}
