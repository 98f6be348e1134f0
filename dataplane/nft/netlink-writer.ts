import { SystemCallError } from "../../native/system-call-error.ts";
import { createMessageBuffer, type MessageBuffer } from "../../native/message-buffer.ts";
import { errnoSymbol, errnoText } from "../../native/errno-names.ts";
import { messageErrno, type NetlinkMessage } from "../../native/netlink-messages.ts";
import { NETLINK_NETFILTER, NetlinkSocket } from "../../native/netlink-socket.ts";
import type { Batch } from "./batch.ts";
import { batchBytes } from "./encode/batch-bytes.ts";
import { encodeBatch } from "./encode/encode-batch.ts";
import { commitStaged, createKnownSets, dropStaged, type KnownSets } from "./encode/known-sets.ts";
import { commandOf } from "./encode/messages.ts";
import { readSetShape, readTableNames } from "./read-table.ts";
import type { BatchResult, Failure, NftWriter, TableNames } from "./writer.ts";

// Limits, not reservations. 20 MB went through in one transaction; a refused command comes back in 1 kB.
const SEND_BUFFER = 64 * 1024 * 1024;
const RECEIVE_BUFFER = 32 * 1024 * 1024;

export interface NetlinkWriterOptions {
  readonly sendBufferBytes?: number;
  readonly receiveBufferBytes?: number;
}

function failureOf(message: NetlinkMessage): Failure | undefined {
  const errno = messageErrno(message);
  if (errno === undefined || errno === 0) return undefined;
  return { index: commandOf(message.sequence), code: errnoSymbol(errno), message: errnoText(errno) };
}

function wholeBatch(error: unknown): Failure {
  if (!(error instanceof SystemCallError)) throw error;
  return { index: -1, code: error.code, message: error.message };
}

/** One failure a command, in the batch's order: a command of several messages may fail in each. */
function inOrder(failures: readonly Failure[]): Failure[] {
  const first = new Map<number, Failure>();
  for (const failure of failures) if (!first.has(failure.index)) first.set(failure.index, failure);
  return [...first.values()].toSorted((a, b) => a.index - b.index);
}

/**
 * Speaks nfnetlink itself: needs libc and nothing else, and a change costs what the change is large. A table made
 * with `owner` belongs to this writer's socket. It stays in the network namespace that it was opened in.
 */
export class NetlinkWriter implements NftWriter {
  readonly kind = "netlink";
  readonly canOwn = true;
  readonly byteLimit: number;
  /** Whom the kernel names as the cause of our changes. */
  readonly portId: number;
  readonly #socket: NetlinkSocket;
  readonly #buffer: MessageBuffer = createMessageBuffer();
  readonly #known: KnownSets;

  /** Throws SystemCallError. */
  constructor({
    sendBufferBytes = SEND_BUFFER,
    receiveBufferBytes = RECEIVE_BUFFER,
  }: NetlinkWriterOptions = {}) {
    this.#socket = NetlinkSocket.open(NETLINK_NETFILTER, { sendBufferBytes, receiveBufferBytes });
    this.byteLimit = this.#socket.sendLimit;
    this.portId = this.#socket.portId;
    this.#known = createKnownSets((table, set) => readSetShape(this.#socket, table, set));
  }

  batchBytes(batch: Batch): number {
    return batchBytes(batch);
  }

  apply(batch: Batch): BatchResult {
    const failures = this.#transact(batch);
    if (failures.length === 0) {
      commitStaged(this.#known);
      return { ok: true };
    }
    dropStaged(this.#known);
    return { ok: false, failures: inOrder(failures) };
  }

  #transact(batch: Batch): readonly Failure[] {
    const refused = encodeBatch(this.#buffer, batch, this.#known);
    if (refused.length > 0) return refused;
    try {
      this.#socket.drain();
      this.#socket.send(this.#buffer.bytes, this.#buffer.length);
    } catch (error) {
      return [wholeBatch(error)];
    }
    return this.#answers();
  }

  /** The kernel has answered before `send` returned. */
  #answers(): Failure[] {
    const failures: Failure[] = [];
    try {
      failures.push(
        ...this.#socket
          .drain()
          .map(failureOf)
          .filter((failure) => failure !== undefined),
      );
    } catch (error) {
      // More failures than the receive buffer holds: some are lost, the rest can still be read.
      failures.push(wholeBatch(error));
      failures.push(
        ...this.#socket
          .drain()
          .map(failureOf)
          .filter((failure) => failure !== undefined),
      );
    }
    return failures;
  }

  tableNames(table: string): TableNames | undefined {
    return readTableNames(this.#socket, table);
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}
