import { dlopen, FFIType } from "bun:ffi";
import { lastErrno } from "./errno.ts";
import { SystemCallError } from "./system-call-error.ts";

const { i32, i64_fast, ptr, u32, u64_fast } = FFIType;

const { symbols } = dlopen("libc.so.6", {
  socket: { args: [i32, i32, i32], returns: i32 },
  bind: { args: [i32, ptr, u32], returns: i32 },
  getsockname: { args: [i32, ptr, ptr], returns: i32 },
  setsockopt: { args: [i32, i32, i32, ptr, u32], returns: i32 },
  getsockopt: { args: [i32, i32, i32, ptr, ptr], returns: i32 },
  send: { args: [i32, ptr, u64_fast, i32], returns: i64_fast },
  recv: { args: [i32, ptr, u64_fast, i32], returns: i64_fast },
  poll: { args: [ptr, u64_fast, i32], returns: i32 },
  eventfd: { args: [u32, i32], returns: i32 },
  write: { args: [i32, ptr, u64_fast], returns: i64_fast },
  close: { args: [i32], returns: i32 },
});

const EINTR = 4;
const EAGAIN = 11;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const SOCK_NONBLOCK = 0o4000;
const EFD_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;

const POLLIN = 1;

function demand(result: number | bigint, tried: string): number {
  if (result < 0) throw new SystemCallError(tried, lastErrno());
  return Number(result);
}

/** A non-blocking raw socket that child processes do not inherit, in the calling thread's network namespace. */
export function openSocket(family: number, protocol: number): number {
  const flags = SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK;
  return demand(symbols.socket(family, flags, protocol), "open a socket");
}

export function bindSocket(fd: number, address: Uint8Array): void {
  demand(symbols.bind(fd, address, address.length), "bind a socket");
}

/** The socket's own address, as many bytes as the kernel gives. */
export function socketName(fd: number, size: number): Uint8Array {
  const address = new Uint8Array(size);
  const length = new Uint32Array([size]);
  demand(symbols.getsockname(fd, address, length), "read a socket's address");
  return address;
}

/** Whether the kernel took the option. */
export function trySocketOption(fd: number, level: number, option: number, value: number): boolean {
  return symbols.setsockopt(fd, level, option, new Int32Array([value]), 4) === 0;
}

export function setSocketOption(fd: number, level: number, option: number, value: number): void {
  const result = symbols.setsockopt(fd, level, option, new Int32Array([value]), 4);
  demand(result, `set option ${option} of a socket`);
}

export function socketOption(fd: number, level: number, option: number): number {
  const value = new Int32Array(1);
  demand(
    symbols.getsockopt(fd, level, option, value, new Uint32Array([4])),
    `read option ${option} of a socket`,
  );
  return value[0] ?? 0;
}

/** Sends the first `length` bytes as one message. Throws SystemCallError. */
export function sendBytes(fd: number, bytes: Uint8Array, length: number): void {
  demand(symbols.send(fd, bytes, length, 0), `send ${length} bytes`);
}

/** Receives one message into `buffer` and gives its length; undefined if there is none. Never waits. Throws SystemCallError. */
export function receiveBytes(fd: number, buffer: Uint8Array): number | undefined {
  for (;;) {
    const length = Number(symbols.recv(fd, buffer, buffer.length, MSG_DONTWAIT));
    if (length >= 0) return length;
    const errno = lastErrno();
    if (errno === EAGAIN) return undefined;
    if (errno !== EINTR) throw new SystemCallError("receive a message", errno);
  }
}

/** Blocks the thread until one of the descriptors can be read. `milliseconds` -1: for ever. Gives those that can. */
export function pollReadable(fds: readonly number[], milliseconds: number): readonly number[] {
  const entries = new Int32Array(fds.length * 2);
  for (const [at, fd] of fds.entries()) {
    entries[at * 2] = fd;
    entries[at * 2 + 1] = POLLIN;
  }
  if (symbols.poll(entries, fds.length, milliseconds) < 0) {
    const errno = lastErrno();
    if (errno === EINTR) return [];
    throw new SystemCallError("wait for descriptors", errno);
  }
  // The upper half of the second word is revents; an error or a hang-up counts as readable: the read will tell.
  return fds.filter((_, at) => (entries[at * 2 + 1] ?? 0) >>> 16 !== 0);
}

/** A descriptor that becomes readable by `raiseEvent`: it wakes a thread that polls. */
export function openEvent(): number {
  return demand(symbols.eventfd(0, EFD_CLOEXEC), "open an eventfd");
}

export function raiseEvent(fd: number): void {
  demand(symbols.write(fd, new BigUint64Array([1n]), 8), "raise an event");
}

export function closeDescriptor(fd: number): void {
  demand(symbols.close(fd), "close a descriptor");
}
