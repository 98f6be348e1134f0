import type { Batch } from "./batch.ts";

/** One command that the kernel refused. */
export interface Failure {
  /** Its place in the batch; -1: the batch as a whole (for example: too large to send). */
  readonly index: number;
  /** The error's symbol, for example `ENOENT`; empty where the writer cannot tell. */
  readonly code: string;
  /** For people. */
  readonly message: string;
}

export type BatchResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly failures: readonly Failure[] };

/** What our table holds, by name. */
export interface TableNames {
  readonly chains: readonly string[];
  /** Sets and maps: they share one space of names. */
  readonly sets: readonly { readonly name: string; readonly map: boolean }[];
  /** `owned`: by a live process. `orphan`: owner|persist, its owner is dead. `plain`: no flags. */
  readonly ownership: "owned" | "orphan" | "plain";
}

/** Carries out batches. The two implementations never share a node's table. */
export interface NftWriter {
  readonly kind: "netlink" | "libnftables";
  /** Whether it can own the table; else foreign hands must be watched for. */
  readonly canOwn: boolean;
  /** Most bytes of a batch that one transaction can carry, as `batchBytes` estimates them. */
  readonly byteLimit: number;
  /** Bytes that the batch takes on its way to the kernel: exact or an upper bound. */
  batchBytes(batch: Batch): number;
  /** One transaction: all of it or nothing. Blocks while the kernel works. Never throws for what the kernel refuses. */
  apply(batch: Batch): BatchResult;
  /** Undefined where the table does not exist. */
  tableNames(table: string): TableNames | undefined;
  [Symbol.dispose](): void;
}
