import { errnoSymbolOfText } from "../../native/errno-names.ts";
import { Libnftables } from "../../native/libnftables.ts";
import type { Batch, Command } from "./batch.ts";
import { batchBytes } from "./encode/batch-bytes.ts";
import type { BatchResult, Failure, NftWriter, TableNames } from "./writer.ts";

/** libnftables makes its send buffer as large as the batch; this keeps one transaction from blocking for seconds. */
const BYTE_LIMIT = 64 * 1024 * 1024;

/** 1.0.6 ignores a table's flags in silence, so they are not said at all; `|` takes two operands there. */
function asSpoken(key: string, value: unknown): unknown {
  if (key === "table" && typeof value === "object" && value !== null) return { ...value, flags: undefined };
  if (key === "|" && Array.isArray(value) && value.length > 2) {
    return value.reduce((left: unknown, right: unknown) => ({ "|": [left, right] }));
  }
  return value;
}

/** The batch as libnftables' JSON text, as every version since 1.0.1 reads it. */
function batchJson(batch: Batch): string {
  return JSON.stringify(batch, asSpoken);
}

/** What libnftables prints on errors: lines of its own, or glibc's words for an errno after the last colon. */
function failuresOf(errors: string, commands: readonly Command[]): Failure[] {
  const lines = errors
    .split("\n")
    .map((line) => line.replace(/^internal:\d+:\d+-\d+: /, "").trim())
    .filter((line) => line.includes("Error: "));
  const place = /Parsing command array at index (\d+) failed/.exec(errors)?.[1];
  const only = commands.length === 1 ? 0 : -1;
  const index = place === undefined ? only : Number(place);
  const failures = lines.map((line) => {
    const text = line.slice(line.indexOf("Error: ") + "Error: ".length);
    const words = text.slice(text.lastIndexOf(": ") + 1).trim();
    return { index, code: errnoSymbolOfText(words) ?? "", message: text };
  });
  const [first, ...rest] = failures;
  if (first === undefined)
    return [{ index: only, code: "", message: errors.trim() || "libnftables gives no reason" }];
  return index < 0 ? [first, ...rest] : [first];
}

interface ListedTable {
  readonly table?: { readonly flags?: string | readonly string[] };
  readonly chain?: { readonly name: string };
  readonly set?: { readonly name: string };
  readonly map?: { readonly name: string };
}

/** 1.0.6 does not know `persist`: an orphan's flags are listed as garbage, anything but nothing. */
function ownershipOf(flags: string | readonly string[] | undefined): TableNames["ownership"] {
  if (flags === undefined || flags.length === 0) return "plain";
  return flags.includes("owner") && flags !== "o" ? "owned" : "orphan";
}

/**
 * The system's libnftables by FFI: what the encoder is compared with, and for hosts that want it. It cannot own a
 * table. Opened in the network namespace that it stays in.
 */
export class LibnftablesWriter implements NftWriter {
  readonly kind = "libnftables";
  readonly canOwn = false;
  readonly byteLimit: number = BYTE_LIMIT;
  readonly #nft: Libnftables;
  readonly #lister: Libnftables;

  /** Throws LibnftablesMissingError. */
  constructor() {
    this.#nft = Libnftables.open();
    this.#lister = Libnftables.open({ terse: true });
  }

  batchBytes(batch: Batch): number {
    return batchBytes(batch);
  }

  apply(batch: Batch): BatchResult {
    const { ok, errors } = this.#nft.run(batchJson(batch));
    return ok ? { ok: true } : { ok: false, failures: failuresOf(errors, batch.nftables) };
  }

  /** Only this table is listed, and without elements: other programs' objects crash old versions of the library. */
  tableNames(table: string): TableNames | undefined {
    const command = { nftables: [{ list: { table: { family: "inet", name: table } } }] };
    const { ok, output, errors } = this.#lister.run(JSON.stringify(command));
    if (!ok) {
      const missing = failuresOf(errors, []).some(({ code }) => code === "ENOENT");
      if (missing) return undefined;
      throw new Error(`could not list table ${table}: libnftables says ${errors.trim()}`);
    }
    const { nftables } = JSON.parse(output) as { readonly nftables: readonly ListedTable[] };
    return {
      chains: nftables.flatMap(({ chain }) => chain?.name ?? []),
      sets: nftables.flatMap(({ set, map }) => [
        ...(set === undefined ? [] : [{ name: set.name, map: false }]),
        ...(map === undefined ? [] : [{ name: map.name, map: true }]),
      ]),
      ownership: ownershipOf(nftables.find((one) => one.table !== undefined)?.table?.flags),
    };
  }

  [Symbol.dispose](): void {
    this.#nft[Symbol.dispose]();
    this.#lister[Symbol.dispose]();
  }
}
