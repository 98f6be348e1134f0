import { closeSync, constants, fstatSync, openSync, readlinkSync, statSync } from "node:fs";
import { errnoSymbol, errnoText } from "./errno-names.ts";
import { NetworkNamespaceError } from "./network-namespace-error.ts";

const EPERM = 1;
const EINVAL = 22;

/** The calling thread's own. */
export const CURRENT_NAMESPACE = "/proc/thread-self/ns/net";

export function namespaceRefused(tried: string, errno: number): NetworkNamespaceError {
  if (errno === EPERM) {
    const found = "the right CAP_SYS_ADMIN is missing (EPERM)";
    const next = "run as root, or put `unshare -rn` in front of the command";
    return new NetworkNamespaceError("missingRight", errno, { tried, found, next });
  }
  const found = `${errnoText(errno)} (${errnoSymbol(errno)})`;
  return new NetworkNamespaceError("refused", errno, { tried, found, next: "see setns(2) and unshare(2)" });
}

function triedToOpen(path: string): string {
  return `open the network namespace "${path}"`;
}

/** Something else is there. */
export function noNamespace(path: string): NetworkNamespaceError {
  return new NetworkNamespaceError("noNamespace", EINVAL, {
    tried: triedToOpen(path),
    found: "what is there is no network namespace",
    next: "give the path of one, for example /var/run/netns/NAME or /proc/PID/ns/net",
  });
}

/** The descriptor of whatever is at the path; of a named pipe, too, without waiting for its other end. */
function openPath(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const errno = Math.abs((error as NodeJS.ErrnoException).errno ?? 0);
    const symbol = errnoSymbol(errno);
    if (symbol !== "ENOENT" && symbol !== "ENOTDIR") throw namespaceRefused(triedToOpen(path), errno);
    const found = `there is nothing at this path (${symbol})`;
    const next = "whoever made it has taken it away: the sandbox is gone, or the path is wrong";
    throw new NetworkNamespaceError("absent", errno, { tried: triedToOpen(path), found, next });
  }
}

/**
 * By the kernel's own name for what is open, such as net:[4026531833] (namespaces(7)). Where a namespace is mounted at a path, as
 * runtimes keep them, it has that path for its name: then its file system says that it is a namespace, and of what kind
 * NetworkNamespace.open asks the kernel.
 */
function isNetworkNamespace(fd: number): boolean {
  const [, kind] = /^(\w+):\[/.exec(readlinkSync(`/proc/self/fd/${fd}`)) ?? [];
  return kind === undefined ? fstatSync(fd).dev === statSync(CURRENT_NAMESPACE).dev : kind === "net";
}

/**
 * The descriptor of the network namespace that a path stands for, the caller's to close. Calls no library: a process that only
 * asks need not load one. Throws NetworkNamespaceError.
 */
export function openNamespaceFile(path: string): number {
  const fd = openPath(path);
  if (isNetworkNamespace(fd)) return fd;
  closeSync(fd);
  throw noNamespace(path);
}

/** Whether the descriptor is of the namespace that the calling thread is in. */
export function isCurrentNamespace(fd: number): boolean {
  const [own, current] = [fstatSync(fd), statSync(CURRENT_NAMESPACE)];
  return own.ino === current.ino && own.dev === current.dev;
}
