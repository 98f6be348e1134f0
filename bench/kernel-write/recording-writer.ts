import type { Batch, Command } from "../../dataplane/nft/batch.ts";
import type { BatchResult, NftWriter } from "../../dataplane/nft/writer.ts";

/** One transaction, and when it was carried out, in milliseconds of performance.now(). */
export interface Recorded {
  readonly batch: Batch;
  readonly beganAt: number;
  readonly endedAt: number;
}

export interface RecordingWriter extends NftWriter {
  /** What was carried out since the last call. Throws where something was refused. */
  takeRecorded(): Recorded[];
  /** From now on batches are carried out one by one, as they come. */
  endBuilding(): void;
}

/** Each transaction makes the kernel look at the whole table again: building one would take minutes by small ones. */
const COMMANDS_WHILE_BUILDING = 4_000;

/**
 * A writer that keeps what it was given. It owns no table: others shall write to it, too. While the table is built, batches
 * are joined to large ones.
 */
export function recordingWriter(writer: NftWriter): RecordingWriter {
  let recorded: Recorded[] = [];
  let refused: string | undefined;
  let joined: Command[] = [];
  let isBuilding = true;

  function carryOut(batch: Batch): BatchResult {
    const beganAt = performance.now();
    const result = writer.apply(batch);
    recorded.push({ batch, beganAt, endedAt: performance.now() });
    if (!result.ok) refused ??= JSON.stringify(result.failures);
    return result;
  }

  function flush(): BatchResult {
    const nftables = joined;
    joined = [];
    return nftables.length === 0 ? { ok: true } : carryOut({ nftables });
  }

  return {
    kind: writer.kind,
    canOwn: false,
    byteLimit: writer.byteLimit,
    batchBytes: (batch) => writer.batchBytes(batch),
    apply(batch) {
      if (!isBuilding) return carryOut(batch);
      for (const command of batch.nftables) joined.push(command);
      return joined.length < COMMANDS_WHILE_BUILDING ? { ok: true } : flush();
    },
    tableNames(table) {
      flush();
      return writer.tableNames(table);
    },
    endBuilding() {
      flush();
      isBuilding = false;
    },
    takeRecorded() {
      if (refused !== undefined) throw new Error(`the kernel refused what the bench made: ${refused}`);
      const taken = recorded;
      recorded = [];
      return taken;
    },
    [Symbol.dispose]: () => writer[Symbol.dispose](),
  };
}
