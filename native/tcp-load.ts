import { dlopen, FFIType, ptr } from "bun:ffi";
import { lastErrno } from "./errno.ts";
import { encodeSocketAddress, type SocketAddress, socketFamily } from "./socket-address.ts";
import { SystemCallError } from "./system-call-error.ts";

const { i32, i64_fast, ptr: pointer, u32, u64_fast } = FFIType;
const { symbols: libc } = dlopen("libc.so.6", {
  socket: { args: [i32, i32, i32], returns: i32 },
  setsockopt: { args: [i32, i32, i32, pointer, u32], returns: i32 },
  bind: { args: [i32, pointer, u32], returns: i32 },
  listen: { args: [i32, i32], returns: i32 },
  accept: { args: [i32, pointer, pointer], returns: i32 },
  connect: { args: [i32, pointer, u32], returns: i32 },
  send: { args: [i32, pointer, u64_fast, i32], returns: i64_fast },
  recv: { args: [i32, pointer, u64_fast, i32], returns: i64_fast },
  close: { args: [i32], returns: i32 },
  sched_setaffinity: { args: [i32, u64_fast, pointer], returns: i32 },
});

const STREAM = 1;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_SNDTIMEO = 21;
const EAGAIN = 11;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const BACKLOG = 128;
/** So long a handshake may take; a SYN that was dropped is sent again after a second. */
const CONNECT_SECONDS = 5n;

const CHUNK = 1 << 18;
/** Zeros, and a 1 that says "this was the last". Kept in variables, so that what the pointers stand for is not collected. */
const payload = new Uint8Array(CHUNK);
const last = new Uint8Array([1]);
const inbox = new Uint8Array(CHUNK);
const [payloadAt, lastAt, inboxAt] = [ptr(payload), ptr(last), ptr(inbox)];

function demand(result: number | bigint, tried: string): number {
  if (result < 0) throw new SystemCallError(tried, lastErrno());
  return Number(result);
}

/** Keeps the calling thread on one processor; threads that the runtime has beside it stay free. */
export function pinThread(processor: number): void {
  const mask = new Uint8Array(128);
  mask[processor >> 3] = 1 << (processor & 7);
  demand(libc.sched_setaffinity(0, mask.length, mask), `keep a thread on processor ${processor}`);
}

function sendByte(fd: number, isLast: boolean): void {
  if (libc.send(fd, isLast ? lastAt : payloadAt, 1, MSG_NOSIGNAL) < 0) demand(-1, "send a byte");
}

/** How many bytes came; 0 at the end of the stream. Waits for one at least. */
function receive(fd: number): number {
  return demand(libc.recv(fd, inboxAt, CHUNK, 0), "receive");
}

/** Blocking sockets without anything around them, so that little but the kernel is measured. All of it throws SystemCallError. */
export class TcpLoadServer {
  readonly #listener: number;

  /** Listens in the network namespace that the thread is in. */
  constructor(at: SocketAddress) {
    const address = encodeSocketAddress(at);
    this.#listener = demand(libc.socket(socketFamily(at), STREAM, 0), "make a socket");
    libc.setsockopt(this.#listener, SOL_SOCKET, SO_REUSEADDR, new Int32Array([1]), 4);
    demand(libc.bind(this.#listener, address, address.length), "bind a server");
    demand(libc.listen(this.#listener, BACKLOG), "listen");
  }

  accept(): number {
    return demand(libc.accept(this.#listener, null, null), "accept a connection");
  }

  /** Accepts a connection, takes a byte and sends one back. Gives the connection. */
  answer(): number {
    const fd = this.accept();
    receive(fd);
    sendByte(fd, false);
    return fd;
  }

  /** Answers one connection and waits until the client closed it. Whether it was the last one. */
  serve(): boolean {
    const fd = this.answer();
    const wasLast = inbox[0] === 1;
    receive(fd);
    closeTcp(fd);
    return wasLast;
  }

  [Symbol.dispose](): void {
    libc.close(this.#listener);
  }
}

/** Connects from whatever network namespace the thread is in. */
export class TcpLoadClient {
  readonly #family: number;
  readonly #address: Uint8Array;
  readonly #addressAt: ReturnType<typeof ptr>;

  constructor(to: SocketAddress) {
    this.#family = socketFamily(to);
    this.#address = encodeSocketAddress(to);
    this.#addressAt = ptr(this.#address);
  }

  /** EINPROGRESS where nobody answers in five seconds. */
  connect(): number {
    const fd = demand(libc.socket(this.#family, STREAM, 0), "make a socket");
    const limit = new BigInt64Array([CONNECT_SECONDS, 0n]);
    libc.setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, limit, limit.byteLength);
    demand(libc.connect(fd, this.#addressAt, this.#address.length), "connect");
    return fd;
  }

  /** Connects and sends a byte. Gives the connection. */
  ask(isLast = false): number {
    const fd = libc.socket(this.#family, STREAM, 0);
    if (libc.connect(fd, this.#addressAt, this.#address.length) < 0) demand(-1, "connect");
    sendByte(fd, isLast);
    return fd;
  }
}

/** The client's end of an exchange: takes the answer and closes. */
export function hearAnswer(fd: number): void {
  receive(fd);
  libc.close(fd);
}

/** Sends as much as the connection takes, at most a quarter of a megabyte; gives how much. */
export function push(fd: number): number {
  return demand(libc.send(fd, payloadAt, CHUNK, MSG_NOSIGNAL), "send a stream");
}

/** Says that this was all for now, and waits until the other end took it. */
export function endPush(fd: number): void {
  sendByte(fd, true);
  receive(fd);
}

/** Takes what comes until `endPush`. */
export function pull(fd: number): void {
  for (;;) {
    const length = receive(fd);
    if (length === 0) throw new Error("the stream ended");
    if (inbox[length - 1] === 1) return sendByte(fd, false);
  }
}

/** Both ends of a stream in one thread: sends what it takes, receives it, and gives how much came. Never waits. */
export function pump(client: number, server: number): number {
  if (libc.send(client, payloadAt, CHUNK, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && lastErrno() !== EAGAIN)
    demand(-1, "send a stream");
  let received = 0;
  for (;;) {
    const length = Number(libc.recv(server, inboxAt, CHUNK, MSG_DONTWAIT));
    if (length > 0) received += length;
    else if (length < 0 && lastErrno() === EAGAIN) return received;
    else demand(-1, "receive a stream");
  }
}

export function closeTcp(fd: number): void {
  libc.close(fd);
}
