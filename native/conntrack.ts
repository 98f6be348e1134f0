import {
  type ConntrackEntry,
  type ConntrackFilter,
  conntrackRequest,
  encodeDeleteEntry,
  readConntrackEntry,
} from "./conntrack-message.ts";
import { receiveBytes } from "./libc.ts";
import { SystemCallError } from "./system-call-error.ts";
import { createMessageBuffer } from "./message-buffer.ts";
import { messageErrno, netlinkMessages, NLMSG_DONE } from "./netlink-messages.ts";
import { NETLINK_NETFILTER, NetlinkSocket } from "./netlink-socket.ts";

const ENOENT = 2;
/** Larger than what the kernel puts into one datagram of a dump. */
const RECEIVE_BYTES = 65_536;
/** Deletions in one call: as many refusals fit into the socket's receive buffer. */
const AT_ONCE = 128;

/** The connections that the kernel follows in the network namespace that the thread is in when this is opened. */
export class Conntrack {
  readonly #socket: NetlinkSocket = NetlinkSocket.open(NETLINK_NETFILTER);

  /**
   * Calls `visit` with every entry, or every one that the filter lets through (kernels before 5.8: every one). Nothing is
   * kept: a table may have a million. Throws SystemCallError.
   */
  visit(filter: ConntrackFilter | undefined, visit: (entry: ConntrackEntry) => void): void {
    this.#socket.drain();
    this.#socket.send(conntrackRequest(filter));
    const buffer = new Uint8Array(RECEIVE_BYTES);
    for (;;) {
      const length = receiveBytes(this.#socket.fd, buffer);
      if (length === undefined) return;
      for (const message of netlinkMessages(buffer.subarray(0, length))) {
        const errno = messageErrno(message) ?? 0;
        if (errno !== 0) throw new SystemCallError("ask the kernel for its connections", errno);
        if (message.type === NLMSG_DONE) return;
        const entry = readConntrackEntry(message);
        if (entry !== undefined) visit(entry);
      }
    }
  }

  /** Deletes entries and gives how many were still there. Throws SystemCallError. */
  delete(entries: readonly ConntrackEntry[]): number {
    let deleted = 0;
    const buffer = createMessageBuffer(16_384);
    for (let from = 0; from < entries.length; from += AT_ONCE) {
      const some = entries.slice(from, from + AT_ONCE);
      buffer.length = 0;
      for (const [at, entry] of some.entries()) encodeDeleteEntry(buffer, entry, at);
      this.#socket.drain();
      this.#socket.send(buffer.bytes, buffer.length);
      deleted += some.length - this.#absent();
    }
    return deleted;
  }

  /** How many of the entries just deleted were gone already: only refusals are answered. */
  #absent(): number {
    let absent = 0;
    for (const message of this.#socket.drain()) {
      const errno = messageErrno(message) ?? 0;
      if (errno === ENOENT) absent++;
      else if (errno !== 0) throw new SystemCallError("delete a connection from the kernel's table", errno);
    }
    return absent;
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}
