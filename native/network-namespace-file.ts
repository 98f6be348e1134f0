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

/** The descriptor of whatever is at the path; of a named pipe, too, without waiting for its other end. */
function openPath(path: string, tried: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const errno = Math.abs((error as NodeJS.ErrnoException).errno ?? 0);
    const symbol = errnoSymbol(errno);
    if (symbol !== "ENOENT" && symbol !== "ENOTDIR") throw namespaceRefused(tried, errno);
    const found = `there is nothing at this path (${symbol})`;
    const next = "whoever made it has taken it away: the sandbox is gone, or the path is wrong";
    throw new NetworkNamespaceError("absent", errno, { tried, found, next });
  }
}

/**
 * By the kernel's own name for what is open, which begins with no slash (namespaces(7)). Where a namespace is mounted at a path, as
 * runtimes keep them, it has that path for its name: then its file system says that it is a namespace, and of what kind is for the
 * kernel to say to whoever enters it.
 */
function isNetworkNamespace(fd: number): boolean {
  const name = readlinkSync(`/proc/self/fd/${fd}`);
  return name.startsWith("/")
    ? fstatSync(fd).dev === statSync(CURRENT_NAMESPACE).dev
    : name.startsWith("net:[");
}

/**
 * The descriptor of the network namespace that a path stands for, the caller's to close. Calls no library: a process that only
 * asks need not load one. Throws NetworkNamespaceError.
 */
export function openNamespaceFile(path: string): number {
  const tried = `open the network namespace "${path}"`;
  const fd = openPath(path, tried);
  if (isNetworkNamespace(fd)) return fd;
  closeSync(fd);
  throw new NetworkNamespaceError("noNamespace", EINVAL, {
    tried,
    found: "what is there is no network namespace",
    next: "give the path of one, for example /var/run/netns/NAME or /proc/PID/ns/net",
  });
}

/** Whether the descriptor is of the namespace that the calling thread is in. */
export function isCurrentNamespace(fd: number): boolean {
  const [own, current] = [fstatSync(fd), statSync(CURRENT_NAMESPACE)];
  return own.ino === current.ino && own.dev === current.dev;
}
