import { dlopen, FFIType } from "bun:ffi";
import { lastErrno } from "./errno.ts";
import {
  decodeSocketAddress,
  encodeSocketAddress,
  type SocketAddress,
  socketFamily,
} from "./socket-address.ts";

const { i32, i64_fast, ptr, u32, u64_fast } = FFIType;
const { symbols: libc } = dlopen("libc.so.6", {
  socket: { args: [i32, i32, i32], returns: i32 },
  setsockopt: { args: [i32, i32, i32, ptr, u32], returns: i32 },
  getsockopt: { args: [i32, i32, i32, ptr, ptr], returns: i32 },
  bind: { args: [i32, ptr, u32], returns: i32 },
  listen: { args: [i32, i32], returns: i32 },
  accept4: { args: [i32, ptr, ptr, i32], returns: i32 },
  connect: { args: [i32, ptr, u32], returns: i32 },
  sendto: { args: [i32, ptr, u64_fast, i32, ptr, u32], returns: i64_fast },
  recvfrom: { args: [i32, ptr, u64_fast, i32, ptr, ptr], returns: i64_fast },
  poll: { args: [ptr, u64_fast, i32], returns: i32 },
  close: { args: [i32], returns: i32 },
});

const STREAM = 1;
const DATAGRAM = 2;
const RAW = 3;
const NONBLOCK_CLOEXEC = 0o4000 | 0o2000000;
const IPPROTO_IPV6 = 41;
const IPPROTO_RAW = 255;
const IPV6_HDRINCL = 36;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_ERROR = 4;
const SO_LINGER = 13;
const EAGAIN = 11;
const EINPROGRESS = 115;
const ECONNREFUSED = 111;
/** What an ICMP error of an earlier packet leaves on a socket: news of that packet, not a fault of this call. */
const LEFT_BY_ICMP: ReadonlySet<number> = new Set([ECONNREFUSED, 101, 113, 71, 92]);
const POLLIN = 1;
const POLLOUT = 4;
const BACKLOG = 4096;

/** A socket call that failed; `errno` tells how. */
export class ProbeSocketError extends Error {
  override readonly name = "ProbeSocketError";
  readonly errno: number;

  constructor(tried: string, errno: number) {
    super(`could not ${tried}: errno ${errno}`);
    this.errno = errno;
  }
}

export interface Datagram {
  readonly bytes: Uint8Array;
  readonly from: SocketAddress;
}

const receiveBuffer = new Uint8Array(65536);
const senderBuffer = new Uint8Array(28);
const senderLength = new Uint32Array(1);

/**
 * A non-blocking socket in the network namespace that the thread is in when it is made. It never waits:
 * `pollSockets` does, for many at once.
 */
export class ProbeSocket {
  readonly fd: number;
  #open = true;
  #refusedAtOnce = false;

  private constructor(family: number, type: number, protocol: number) {
    this.fd = libc.socket(family, type | NONBLOCK_CLOEXEC, protocol);
    if (this.fd < 0) throw new ProbeSocketError("make a socket", lastErrno());
  }

  /** A server: the kernel answers handshakes even before `drain` accepts them. */
  static listenTcp(at: SocketAddress): ProbeSocket {
    const socket = new ProbeSocket(socketFamily(at), STREAM, 0);
    return socket.#orClose(() => {
      socket.#option(SOL_SOCKET, SO_REUSEADDR, [1]);
      socket.#bind(at);
      if (libc.listen(socket.fd, BACKLOG) !== 0) throw new ProbeSocketError("listen", lastErrno());
    });
  }

  /** Begins a handshake; writable in `pollSockets`, then `connectOutcome` tells how it went. Closing resets. */
  static connectTcp(from: SocketAddress, to: SocketAddress): ProbeSocket {
    const socket = new ProbeSocket(socketFamily(to), STREAM, 0);
    return socket.#orClose(() => {
      socket.#option(SOL_SOCKET, SO_LINGER, [1, 0]);
      socket.#bind(from);
      const address = encodeSocketAddress(to);
      if (libc.connect(socket.fd, address, address.length) === 0) return;
      const errno = lastErrno();
      if (errno === ECONNREFUSED) socket.#refusedAtOnce = true;
      else if (errno !== EINPROGRESS) throw new ProbeSocketError("connect", errno);
    });
  }

  static bindUdp(at: SocketAddress): ProbeSocket {
    const socket = new ProbeSocket(socketFamily(at), DATAGRAM, 0);
    return socket.#orClose(() => socket.#bind(at));
  }

  /** Receives every packet of an IP protocol (a copy); IPv4 ones begin with their IP header, IPv6 ones do not. */
  static receiveRaw(at: SocketAddress, protocol: number): ProbeSocket {
    const socket = new ProbeSocket(socketFamily(at), RAW, protocol);
    return socket.#orClose(() => socket.#bind({ address: at.address, port: 0 }));
  }

  /** Sends packets with IP headers of the caller's making, whatever source they claim. Needs CAP_NET_RAW. */
  static sendRaw(family: 4 | 6): ProbeSocket {
    const socket = new ProbeSocket(family === 4 ? 2 : 10, RAW, IPPROTO_RAW);
    return socket.#orClose(() => {
      if (family === 6) socket.#option(IPPROTO_IPV6, IPV6_HDRINCL, [1]);
    });
  }

  /** False where the kernel's own filter refused it (EPERM) or there is no way: the packet never left. */
  send(bytes: Uint8Array, to: SocketAddress): boolean {
    const address = encodeSocketAddress(to);
    return libc.sendto(this.fd, bytes, bytes.length, 0, address, address.length) === bytes.length;
  }

  /** The next datagram; undefined while there is none. */
  receive(): Datagram | undefined {
    for (;;) {
      senderLength[0] = senderBuffer.length;
      const length = Number(
        libc.recvfrom(this.fd, receiveBuffer, receiveBuffer.length, 0, senderBuffer, senderLength),
      );
      if (length >= 0)
        return { bytes: receiveBuffer.slice(0, length), from: decodeSocketAddress(senderBuffer) };
      const errno = lastErrno();
      if (errno === EAGAIN) return undefined;
      if (!LEFT_BY_ICMP.has(errno)) throw new ProbeSocketError("receive", errno);
    }
  }

  /** Once writable: `connected`, `refused` (a reset came back, so the packet arrived), else `failed`. */
  connectOutcome(): "connected" | "refused" | "failed" {
    if (this.#refusedAtOnce) return "refused";
    const error = new Int32Array(1);
    libc.getsockopt(this.fd, SOL_SOCKET, SO_ERROR, error, new Uint32Array([4]));
    return error[0] === 0 ? "connected" : error[0] === ECONNREFUSED ? "refused" : "failed";
  }

  /** Accepts and closes every connection that waits at a server. */
  drain(): void {
    for (;;) {
      const fd = libc.accept4(this.fd, null, null, NONBLOCK_CLOEXEC);
      if (fd < 0) return;
      libc.close(fd);
    }
  }

  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    libc.close(this.fd);
  }

  #orClose(prepare: () => void): this {
    try {
      prepare();
      return this;
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  #option(level: number, name: number, value: readonly number[]): void {
    const bytes = new Int32Array(value);
    if (libc.setsockopt(this.fd, level, name, bytes, bytes.byteLength) !== 0)
      throw new ProbeSocketError(`set socket option ${level}/${name}`, lastErrno());
  }

  #bind(at: SocketAddress): void {
    const address = encodeSocketAddress(at);
    if (libc.bind(this.fd, address, address.length) !== 0)
      throw new ProbeSocketError(`bind to ${at.address.join(".")} port ${at.port}`, lastErrno());
  }
}

export interface Waiting {
  readonly socket: ProbeSocket;
  readonly until: "readable" | "writable";
}

/** Those of `waiting` that have news, after at most `milliseconds`; blocks the thread that long. */
export function pollSockets<T extends Waiting>(waiting: readonly T[], milliseconds: number): T[] {
  const bytes = new Uint8Array(waiting.length * 8);
  const table = new DataView(bytes.buffer);
  for (const [index, { socket, until }] of waiting.entries()) {
    table.setInt32(index * 8, socket.fd, true);
    table.setInt16(index * 8 + 4, until === "readable" ? POLLIN : POLLOUT, true);
  }
  if (waiting.length === 0 || libc.poll(bytes, waiting.length, milliseconds) <= 0) return [];
  return waiting.filter((_, index) => table.getInt16(index * 8 + 6, true) !== 0);
}
