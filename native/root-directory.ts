import { dlopen, FFIType } from "bun:ffi";
import { closeSync, constants, openSync } from "node:fs";
import { lastErrno } from "./errno.ts";
import { SystemCallError } from "./system-call-error.ts";

const {
  symbols: { chroot, chdir, fchdir },
} = dlopen("libc.so.6", {
  chroot: { args: [FFIType.ptr], returns: FFIType.i32 },
  chdir: { args: [FFIType.ptr], returns: FFIType.i32 },
  fchdir: { args: [FFIType.i32], returns: FFIType.i32 },
});

function bytes(path: string): Uint8Array {
  return new TextEncoder().encode(`${path}\0`);
}

function demand(result: number, tried: string): void {
  if (result !== 0) throw new SystemCallError(tried, lastErrno());
}

/**
 * Runs `work` with `root` as the root directory of the whole process, and comes back whatever happens. Only for a process
 * that does nothing else meanwhile: all its threads are moved. Throws SystemCallError (EPERM: CAP_SYS_CHROOT is missing).
 */
export function inRootDirectory<T>(root: string, work: () => T): T {
  const flags = constants.O_RDONLY | constants.O_DIRECTORY;
  const home = openSync("/", flags);
  const here = openSync(".", flags);
  try {
    demand(chroot(bytes(root)), `make ${root} the root directory`);
    try {
      demand(chdir(bytes("/")), `enter ${root}`);
      return work();
    } finally {
      demand(fchdir(home), "return to the root directory");
      demand(chroot(bytes(".")), "return to the root directory");
      demand(fchdir(here), "return to the working directory");
    }
  } finally {
    closeSync(home);
    closeSync(here);
  }
}
