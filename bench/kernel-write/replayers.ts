import type { Batch } from "../../dataplane/nft/batch.ts";
import { encodeBatch } from "../../dataplane/nft/encode/encode-batch.ts";
import { commitStaged, createKnownSets } from "../../dataplane/nft/encode/known-sets.ts";
import { LibnftablesWriter } from "../../dataplane/nft/libnftables-writer.ts";
import type { NetlinkWriter } from "../../dataplane/nft/netlink-writer.ts";
import { readSetShape } from "../../dataplane/nft/read-table.ts";
import type { NftWriter } from "../../dataplane/nft/writer.ts";
import { createMessageBuffer } from "../../native/message-buffer.ts";
import { messageErrno } from "../../native/netlink-messages.ts";
import { NETLINK_NETFILTER, NetlinkSocket } from "../../native/netlink-socket.ts";
import type { NetworkNamespace } from "../../native/network-namespace.ts";
import { secondsOf } from "./stopwatch.ts";

/**
 * `raw`: the netlink writer's bytes, made beforehand and only sent, which is what the kernel itself takes. `encode`: the bytes
 * are made and not sent.
 */
export type Writer = "netlink" | "raw" | "encode" | "libnftables" | "nft";

/** One way to carry out batches. */
export interface Replayer extends Disposable {
  readonly writer: Writer;
  /** Gives the seconds it took. Throws where the batch was refused. */
  carryOut(batch: Batch): number;
}

function checked(writer: Writer, refused: string | undefined): void {
  if (refused === undefined) return;
  throw new Error(`${writer} could not carry out a batch that the driver had carried out: ${refused}`);
}

function ofWriter(name: Writer, writer: NftWriter): Replayer {
  return {
    writer: name,
    carryOut(batch) {
      const { value: result, seconds } = secondsOf(() => writer.apply(batch));
      checked(name, result.ok ? undefined : JSON.stringify(result.failures));
      return seconds;
    },
    [Symbol.dispose]: () => writer[Symbol.dispose](),
  };
}

/** The writer that made the table, or one that can do the same. */
export function netlinkReplayer(writer: NetlinkWriter): Replayer {
  return ofWriter("netlink", writer);
}

export function libnftablesReplayer(namespace: NetworkNamespace): Replayer {
  return ofWriter(
    "libnftables",
    namespace.run(() => new LibnftablesWriter()),
  );
}

/** What the netlink writer does before it sends, alone. */
export function encodeReplayer(namespace: NetworkNamespace): Replayer {
  const socket = namespace.run(() => NetlinkSocket.open(NETLINK_NETFILTER));
  const known = createKnownSets((table, set) => readSetShape(socket, table, set));
  const buffer = createMessageBuffer();
  return {
    writer: "encode",
    carryOut(batch) {
      const { value: refused, seconds } = secondsOf(() => encodeBatch(buffer, batch, known));
      checked("encode", refused.length === 0 ? undefined : JSON.stringify(refused));
      commitStaged(known);
      return seconds;
    },
    [Symbol.dispose]: () => socket[Symbol.dispose](),
  };
}

/** `batches` will be asked for; they are in an order in which they can be carried out. */
export function rawReplayer(namespace: NetworkNamespace, batches: readonly Batch[]): Replayer {
  const socket = namespace.run(() => NetlinkSocket.open(NETLINK_NETFILTER));
  const known = createKnownSets((table, set) => readSetShape(socket, table, set));
  const buffer = createMessageBuffer();
  const prepared = new Map<Batch, Uint8Array>();
  for (const batch of batches) {
    encodeBatch(buffer, batch, known);
    commitStaged(known);
    prepared.set(batch, buffer.bytes.slice(0, buffer.length));
  }
  return {
    writer: "raw",
    carryOut(batch) {
      const bytes = prepared.get(batch);
      if (bytes === undefined) throw new Error("raw is asked for a batch that was not prepared");
      const { seconds } = secondsOf(() => socket.send(bytes));
      const errno = socket
        .drain()
        .map(messageErrno)
        .find((one) => one !== undefined && one !== 0);
      checked("raw", errno === undefined ? undefined : `errno ${errno}`);
      return seconds;
    },
    [Symbol.dispose]: () => socket[Symbol.dispose](),
  };
}
/** The command as whoever scripts it calls it: a process for each batch. */
export function nftReplayer(namespace: NetworkNamespace): Replayer {
  if (Bun.which("nft") === null)
    throw new Error("nft, which our writer is compared with, is not installed; install nftables");
  return {
    writer: "nft",
    carryOut(batch) {
      const { value: run, seconds } = secondsOf(() =>
        namespace.run(() =>
          Bun.spawnSync(["nft", "-j", "-f", "-"], {
            stdin: Buffer.from(JSON.stringify(batch)),
            stdout: "ignore",
            stderr: "pipe",
          }),
        ),
      );
      checked("nft", run.exitCode === 0 ? undefined : run.stderr.toString());
      return seconds;
    },
    [Symbol.dispose]: () => {},
  };
}
