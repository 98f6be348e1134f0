import { dlopen, FFIType } from "bun:ffi";
import { closeSync, openSync } from "node:fs";
import { lastErrno } from "./errno.ts";
import {
  CURRENT_NAMESPACE,
  isCurrentNamespace,
  namespaceRefused,
  noNamespace,
  openNamespaceFile,
} from "./network-namespace-file.ts";

const CLONE_NEWNET = 0x40000000;
/** ioctl_ns(2): which kind of namespace it is. */
const NS_GET_NSTYPE = 0xb703;

const {
  symbols: { unshare, setns, ioctl },
} = dlopen("libc.so.6", {
  unshare: { args: [FFIType.i32], returns: FFIType.i32 },
  setns: { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 },
  ioctl: { args: [FFIType.i32, FFIType.u64_fast], returns: FFIType.i32 },
});

function enter(fd: number, tried: string): void {
  if (setns(fd, CLONE_NEWNET) !== 0) throw namespaceRefused(tried, lastErrno());
}

/** Moves the calling thread by `leave`, runs `work` there and leads the thread back, if it moved at all. */
function away<T>(leave: () => void, work: () => T): T {
  const home = openSync(CURRENT_NAMESPACE, "r");
  try {
    leave();
    try {
      return work();
    } finally {
      enter(home, "return to the network namespace that the program came from");
    }
  } finally {
    closeSync(home);
  }
}

/**
 * A network namespace without a name: it vanishes with the last process, socket, or descriptor inside.
 * setns(2) moves only the calling thread, so everything done inside is synchronous; sockets and child
 * processes begun inside stay there. `ip link set DEVICE netns PATH` moves links by `path`.
 */
export class NetworkNamespace {
  readonly fd: number;
  #open = true;

  private constructor(fd: number) {
    this.fd = fd;
  }

  /** Makes a new one; the caller stays where it is. Throws NetworkNamespaceError. */
  static create(): NetworkNamespace {
    const leave = (): void => {
      if (unshare(CLONE_NEWNET) !== 0) throw namespaceRefused("make a network namespace", lastErrno());
    };
    return away(leave, () => new NetworkNamespace(openSync(CURRENT_NAMESPACE, "r")));
  }

  /** Opens the one that a path stands for. Throws NetworkNamespaceError. */
  static open(path: string): NetworkNamespace {
    const fd = openNamespaceFile(path);
    if (ioctl(fd, NS_GET_NSTYPE) === CLONE_NEWNET) return new NetworkNamespace(fd);
    closeSync(fd);
    throw noNamespace(path);
  }

  /** Whether it is the one that the calling thread is in. */
  isCurrent(): boolean {
    return isCurrentNamespace(this.fd);
  }

  /** What other processes know it by, for as long as this process keeps it open. */
  get path(): string {
    return `/proc/${process.pid}/fd/${this.fd}`;
  }

  /** Runs `work` inside and comes back whatever happens; calls may be nested. Work that awaits leaves early: do not. */
  run<T>(work: () => T): T {
    if (!this.#open) throw new Error("this network namespace was closed; make a new one");
    return away(() => enter(this.fd, "enter a network namespace"), work);
  }

  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    closeSync(this.fd);
  }
}
