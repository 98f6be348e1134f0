import { dlopen, FFIType } from "bun:ffi";
import { closeSync, constants, fstatSync, openSync, statSync } from "node:fs";
import { lastErrno } from "./errno.ts";
import { errnoSymbol, errnoText } from "./errno-names.ts";
import { NetworkNamespaceError } from "./network-namespace-error.ts";

const CLONE_NEWNET = 0x40000000;
const EPERM = 1;
const EINVAL = 22;
/** What statfs(2) says of files that are namespaces. */
const NSFS_MAGIC = 0x6e736673;
/** ioctl_ns(2): which kind of namespace it is. */
const NS_GET_NSTYPE = 0xb703;
/** Enough for struct statfs, whose first word is the type. */
const STATFS_BYTES = 256;
const CURRENT = "/proc/thread-self/ns/net";

const {
  symbols: { unshare, setns, fstatfs, ioctl },
} = dlopen("libc.so.6", {
  unshare: { args: [FFIType.i32], returns: FFIType.i32 },
  setns: { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 },
  fstatfs: { args: [FFIType.i32, FFIType.ptr], returns: FFIType.i32 },
  ioctl: { args: [FFIType.i32, FFIType.u64_fast], returns: FFIType.i32 },
});

function refused(tried: string, errno: number): NetworkNamespaceError {
  if (errno === EPERM) {
    const found = "the right CAP_SYS_ADMIN is missing (EPERM)";
    const next = "run as root, or put `unshare -rn` in front of the command";
    return new NetworkNamespaceError("missingRight", errno, { tried, found, next });
  }
  const found = `${errnoText(errno)} (${errnoSymbol(errno)})`;
  return new NetworkNamespaceError("refused", errno, { tried, found, next: "see setns(2) and unshare(2)" });
}

function enter(fd: number, tried: string): void {
  if (setns(fd, CLONE_NEWNET) !== 0) throw refused(tried, lastErrno());
}

/** The descriptor of whatever is at the path; of a named pipe, too, without waiting for its other end. */
function openPath(path: string, tried: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const errno = Math.abs((error as NodeJS.ErrnoException).errno ?? 0);
    const symbol = errnoSymbol(errno);
    if (symbol !== "ENOENT" && symbol !== "ENOTDIR") throw refused(tried, errno);
    const found = `there is nothing at this path (${symbol})`;
    const next = "whoever made it has taken it away: the sandbox is gone, or the path is wrong";
    throw new NetworkNamespaceError("absent", errno, { tried, found, next });
  }
}

/** Any other file must not see the ioctl, which may mean something else to it. */
function isNetworkNamespace(fd: number): boolean {
  const answer = new Uint32Array(STATFS_BYTES / 4);
  return fstatfs(fd, answer) === 0 && answer[0] === NSFS_MAGIC && ioctl(fd, NS_GET_NSTYPE) === CLONE_NEWNET;
}

/** Moves the calling thread by `leave`, runs `work` there and leads the thread back, if it moved at all. */
function away<T>(leave: () => void, work: () => T): T {
  const home = openSync(CURRENT, "r");
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
      if (unshare(CLONE_NEWNET) !== 0) throw refused("make a network namespace", lastErrno());
    };
    return away(leave, () => new NetworkNamespace(openSync(CURRENT, "r")));
  }

  /** Opens the one that a path stands for. Throws NetworkNamespaceError. */
  static open(path: string): NetworkNamespace {
    const tried = `open the network namespace "${path}"`;
    const fd = openPath(path, tried);
    if (isNetworkNamespace(fd)) return new NetworkNamespace(fd);
    closeSync(fd);
    throw new NetworkNamespaceError("noNamespace", EINVAL, {
      tried,
      found: "what is there is no network namespace",
      next: "give the path of one, for example /var/run/netns/NAME or /proc/PID/ns/net",
    });
  }

  /** Whether it is the one that the calling thread is in. */
  isCurrent(): boolean {
    const [own, current] = [fstatSync(this.fd), statSync(CURRENT)];
    return own.ino === current.ino && own.dev === current.dev;
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
