import type { NftWriter } from "../../dataplane/nft/writer.ts";
import { NetlinkSocket } from "../../native/netlink-socket.ts";

/** Told of a batch as the driver sees it. */
export interface BatchObserver {
  /** The driver hands it over. */
  readonly began: () => void;
  /** The driver has its answer. */
  readonly ended: () => void;
}

/** Told of what the writer asks its socket for. */
export interface SocketObserver {
  readonly calling: (call: "send" | "drain") => void;
  readonly called: (call: "send" | "drain") => void;
}

export function observedWriter(writer: NftWriter, { began, ended }: BatchObserver): NftWriter {
  return {
    kind: writer.kind,
    canOwn: writer.canOwn,
    byteLimit: writer.byteLimit,
    batchBytes: (batch) => writer.batchBytes(batch),
    apply(batch) {
      began();
      const result = writer.apply(batch);
      ended();
      return result;
    },
    tableNames: (table) => writer.tableNames(table),
    [Symbol.dispose]: () => writer[Symbol.dispose](),
  };
}

/**
 * Observes all netlink sockets of the process until it is disposed of. By their prototype: the writer's steps are its own
 * affair, and a copy of it here would measure the copy.
 */
export function observeSockets({ calling, called }: SocketObserver): Disposable {
  const { prototype } = NetlinkSocket;
  const { send, drain } = Object.getOwnPropertyDescriptors(prototype);
  prototype.send = function observed(this: NetlinkSocket, ...args) {
    calling("send");
    send.value?.apply(this, args);
    called("send");
  };
  prototype.drain = function observed(this: NetlinkSocket) {
    calling("drain");
    const messages = drain.value?.call(this) ?? [];
    called("drain");
    return messages;
  };
  return { [Symbol.dispose]: () => void Object.defineProperties(prototype, { send, drain }) };
}
