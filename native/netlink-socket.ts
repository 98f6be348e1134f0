import {
  bindSocket,
  closeDescriptor,
  openSocket,
  receiveBytes,
  sendBytes,
  setSocketOption,
  socketName,
  socketOption,
  trySocketOption,
} from "./libc.ts";
import { SystemCallError } from "./system-call-error.ts";
import {
  messageErrno,
  type NetlinkMessage,
  netlinkMessages,
  NLM_F_DUMP_INTR,
  NLMSG_DONE,
  NLMSG_ERROR,
} from "./netlink-messages.ts";

export const NETLINK_NETFILTER = 12;

const AF_NETLINK = 16;
const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;
const SOL_NETLINK = 270;
const NETLINK_ADD_MEMBERSHIP = 1;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const NETLINK_GET_STRICT_CHK = 12;
/** What the kernel keeps of the send buffer for itself (netlink_sendmsg). */
const SEND_OVERHEAD = 32;
const DUMP_ATTEMPTS = 20;

export interface NetlinkSocketOptions {
  /** Multicast groups by number. */
  readonly groups?: readonly number[];
  /** Wanted, not promised: `sendLimit` tells what was granted. */
  readonly sendBufferBytes?: number;
  readonly receiveBufferBytes?: number;
  /** The kernel says errors in words, too, and dumps only what was asked for; older ones do neither. */
  readonly strict?: boolean;
}

// Larger than what the kernel puts into one datagram (32 KiB for dumps).
const receiveBuffer = new Uint8Array(262_144);

function enlarge(fd: number, force: number, plain: number, bytes: number): void {
  // The kernel doubles what it is told, for its own bookkeeping.
  if (!trySocketOption(fd, SOL_SOCKET, force, bytes / 2)) trySocketOption(fd, SOL_SOCKET, plain, bytes / 2);
}

function address(): Uint8Array {
  const bytes = new Uint8Array(12);
  bytes[0] = AF_NETLINK;
  return bytes;
}

/** Stays in the network namespace that the thread is in when it is opened. Nothing here ever waits. */
export class NetlinkSocket {
  readonly fd: number;
  /** The socket's address: what the kernel knows an owner of tables by. */
  readonly portId: number;
  /** Most bytes that one `send` carries. */
  readonly sendLimit: number;
  #open = true;

  private constructor(
    fd: number,
    { groups = [], sendBufferBytes, receiveBufferBytes, strict = false }: NetlinkSocketOptions,
  ) {
    this.fd = fd;
    bindSocket(fd, address());
    const name = socketName(fd, 12);
    this.portId = new DataView(name.buffer).getUint32(4, true);
    if (sendBufferBytes !== undefined) enlarge(fd, SO_SNDBUFFORCE, SO_SNDBUF, sendBufferBytes);
    if (receiveBufferBytes !== undefined) enlarge(fd, SO_RCVBUFFORCE, SO_RCVBUF, receiveBufferBytes);
    this.sendLimit = socketOption(fd, SOL_SOCKET, SO_SNDBUF) - SEND_OVERHEAD;
    // An error without the whole refused message behind it: it would fill the receive buffer.
    trySocketOption(fd, SOL_NETLINK, NETLINK_CAP_ACK, 1);
    if (strict) {
      trySocketOption(fd, SOL_NETLINK, NETLINK_EXT_ACK, 1);
      trySocketOption(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1);
    }
    for (const group of groups) setSocketOption(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group);
  }

  /** `protocol`: for example NETLINK_NETFILTER. Throws SystemCallError. */
  static open(protocol: number, options: NetlinkSocketOptions = {}): NetlinkSocket {
    const fd = openSocket(AF_NETLINK, protocol);
    try {
      return new NetlinkSocket(fd, options);
    } catch (error) {
      closeDescriptor(fd);
      throw error;
    }
  }

  /** One or more messages, the first `length` bytes. nf_tables has done its work on return. Throws SystemCallError. */
  send(bytes: Uint8Array, length: number = bytes.length): void {
    sendBytes(this.fd, bytes, length);
  }

  /** Everything that has arrived. Throws SystemCallError: ENOBUFS means that messages were lost. */
  drain(): NetlinkMessage[] {
    const messages: NetlinkMessage[] = [];
    for (;;) {
      const length = receiveBytes(this.fd, receiveBuffer);
      if (length === undefined) return messages;
      messages.push(...netlinkMessages(receiveBuffer.subarray(0, length)));
    }
  }

  /** Asks for one object and gives the answer. Throws SystemCallError with what the kernel says. */
  request(bytes: Uint8Array, tried: string): NetlinkMessage | undefined {
    this.drain();
    this.send(bytes);
    let answer: NetlinkMessage | undefined;
    for (const message of this.drain()) {
      const errno = messageErrno(message);
      if (errno !== undefined && errno !== 0) throw new SystemCallError(tried, errno);
      if (message.type !== NLMSG_ERROR) answer ??= message;
    }
    return answer;
  }

  /** Carries out a dump request, again while changes come between its parts. Throws SystemCallError. */
  dump(bytes: Uint8Array, tried: string): NetlinkMessage[] {
    for (let attempt = 0; ; attempt++) {
      this.drain();
      this.send(bytes);
      const messages = this.drain();
      let interrupted = false;
      const parts: NetlinkMessage[] = [];
      for (const message of messages) {
        const errno = messageErrno(message);
        if (errno !== undefined && errno !== 0) throw new SystemCallError(tried, errno);
        if ((message.flags & NLM_F_DUMP_INTR) !== 0) interrupted = true;
        if (message.type !== NLMSG_DONE && message.type !== NLMSG_ERROR) parts.push(message);
      }
      if (!interrupted || attempt >= DUMP_ATTEMPTS) return parts;
    }
  }

  /** Hands the descriptor to another owner, who closes it; the socket object is done. */
  release(): number {
    this.#open = false;
    return this.fd;
  }

  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    closeDescriptor(this.fd);
  }
}
