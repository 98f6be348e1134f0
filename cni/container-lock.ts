import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { RunPaths } from "../handshake/run-paths.ts";
import { awaitLock, type LockPatience, tryLock } from "../native/file-lock.ts";

/** Nobody else works on the container until it is disposed of. */
export interface ContainerLock extends Disposable {
  /** The lock's open file: a process that inherits it keeps the lock for as long as it lives, whatever becomes of this one. */
  readonly fd: number;
  /** Comes when a DEL of the container waits. */
  readonly evicted: AbortSignal;
}

export interface ContainerLockOptions extends LockPatience {
  /** Whoever holds it is asked to give up what it does. */
  readonly evict: boolean;
}

/** Between two looks at whether a DEL waits. */
const LOOK_MILLISECONDS = 20;

/** Whether the path leads to the open file still: who held it before may have removed it. */
function isThere(fd: number, path: string): boolean {
  const { ino } = fstatSync(fd);
  return statSync(path, { throwIfNoEntry: false })?.ino === ino;
}

function openLock(path: string): number {
  return openSync(path, constants.O_CREAT | constants.O_RDWR, 0o600);
}

/** Removes the file unless somebody has the lock: the next one, or a process that inherited it and lives on. */
function tidy(path: string): void {
  try {
    const fd = openSync(path, constants.O_RDWR);
    try {
      if (tryLock(fd) && isThere(fd, path)) unlinkSync(path);
    } finally {
      closeSync(fd);
    }
  } catch {
    // It is gone, or cannot be removed: an empty file hurts nobody.
  }
}

function held(fd: number, path: string): ContainerLock {
  // What a former DEL has asked was of a former holder.
  ftruncateSync(fd, 0);
  const evicted = new AbortController();
  const look = setInterval(() => {
    if (fstatSync(fd).size === 0) return;
    clearInterval(look);
    evicted.abort();
  }, LOOK_MILLISECONDS);
  look.unref();
  let isHeld = true;
  return {
    fd,
    evicted: evicted.signal,
    [Symbol.dispose]() {
      if (!isHeld) return;
      isHeld = false;
      clearInterval(look);
      closeSync(fd);
      tidy(path);
    },
  };
}

/** Asks the holder again and again, until it is over: another one may come first. */
async function awaitEvicting(fd: number, { milliseconds, ...patience }: LockPatience): Promise<boolean> {
  const end = performance.now() + milliseconds;
  do {
    if (tryLock(fd)) return true;
    writeSync(fd, "x", 0);
    if (await awaitLock(fd, { ...patience, milliseconds: LOOK_MILLISECONDS })) return true;
  } while (patience.signal?.aborted !== true && performance.now() < end);
  return false;
}

/**
 * Takes the lock of one container, flock(2) of a file in the run directory; undefined: another call of the plugin, or a
 * host-local that has outlived one, held it to the end. Throws SystemCallError, and what node:fs throws.
 */
export async function lockContainer(
  { locks }: RunPaths,
  containerId: string,
  { evict, ...patience }: ContainerLockOptions,
): Promise<ContainerLock | undefined> {
  mkdirSync(locks, { recursive: true, mode: 0o700 });
  const path = join(locks, containerId);
  const end = performance.now() + patience.milliseconds;
  for (;;) {
    const fd = openLock(path);
    const left = { ...patience, milliseconds: end - performance.now() };
    try {
      if (!(await (evict ? awaitEvicting(fd, left) : awaitLock(fd, left)))) {
        closeSync(fd);
        return undefined;
      }
      if (isThere(fd, path)) return held(fd, path);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    closeSync(fd);
  }
}
