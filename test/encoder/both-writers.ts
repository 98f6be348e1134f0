import { expect } from "bun:test";
import type { Batch } from "../../dataplane/nft/batch.ts";
import { LibnftablesWriter } from "../../dataplane/nft/libnftables-writer.ts";
import { NetlinkWriter } from "../../dataplane/nft/netlink-writer.ts";
import type { NftWriter } from "../../dataplane/nft/writer.ts";
import { loadText, NftPlace, tableJson, tableText } from "./nft-place.ts";

const TAKEN = { ok: true } as const;
const LOADED = { ok: true, output: "", errors: "" } as const;

/** The same batches by our encoder and by libnftables, each into a namespace of its own; a third reloads listings. */
export class BothWriters {
  readonly netlink: NetlinkWriter;
  readonly library: LibnftablesWriter;
  readonly #ours: NftPlace = new NftPlace();
  readonly #theirs: NftPlace = new NftPlace();
  readonly #copy: NftPlace = new NftPlace();
  readonly #copier: NftWriter;

  constructor() {
    this.netlink = this.#ours.namespace.run(() => new NetlinkWriter());
    this.library = this.#theirs.namespace.run(() => new LibnftablesWriter());
    this.#copier = this.#copy.namespace.run(() => new NetlinkWriter());
  }

  expectTaken(batch: Batch): void {
    expect(this.library.apply(batch)).toEqual(TAKEN);
    expect(this.netlink.apply(batch)).toEqual(TAKEN);
  }

  /** Both tables list alike, and the text of ours loads and lists alike again. Gives that text. */
  expectSame(table: string): string {
    const wanted = tableJson(this.#theirs, table);
    expect(tableJson(this.#ours, table)).toEqual(wanted);
    const text = tableText(this.#ours, table);
    try {
      expect(loadText(this.#copy, text)).toEqual(LOADED);
      expect(tableJson(this.#copy, table)).toEqual(wanted);
    } finally {
      this.#copier.apply(deletion(table));
    }
    return text;
  }

  /** Deletes the table everywhere, if it is there. */
  clear(table: string): void {
    for (const writer of [this.netlink, this.library, this.#copier]) writer.apply(deletion(table));
  }

  [Symbol.dispose](): void {
    for (const writer of [this.netlink, this.library, this.#copier]) writer[Symbol.dispose]();
    for (const place of [this.#ours, this.#theirs, this.#copy]) place[Symbol.dispose]();
  }
}

function deletion(name: string): Batch {
  return { nftables: [{ delete: { table: { family: "inet", name } } }] };
}
