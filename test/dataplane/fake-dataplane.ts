import { expect } from "bun:test";
import type { Dataplane } from "../../dataplane/dataplane.ts";
import { type NftDataplaneOptions, openNftDataplane } from "../../dataplane/nft/driver.ts";
import type { FakeKernel } from "../../dataplane/nft/fake-kernel.ts";
import { rulePlaces, targetOf } from "../../dataplane/nft/fake-kernel.ts";
import { FakeWriter, type FakeWriterOptions } from "../../dataplane/nft/fake-writer.ts";
import { TABLE } from "../../dataplane/nft/names.ts";
import type { Ruleset } from "../../model/ruleset.ts";

export const FAST: Partial<NftDataplaneOptions> = { linger: async () => {}, graceMilliseconds: 0 };

export interface FakeDataplane {
  readonly writer: FakeWriter;
  readonly dataplane: Dataplane;
}

export function openFake(
  options: Partial<NftDataplaneOptions> = {},
  writerOptions: FakeWriterOptions = {},
): FakeDataplane {
  const writer = new FakeWriter(writerOptions);
  return { writer, dataplane: openNftDataplane(writer, { ...FAST, ...options }) };
}

/** The table's text without the epoch in its names. */
export function tableText(writer: FakeWriter): string {
  return writer.dump(TABLE).replaceAll(/\be\d+-/g, "e-");
}

/** What the table holds when the ruleset is built from nothing. */
export async function builtFresh(
  ruleset: Ruleset,
  options: Partial<NftDataplaneOptions> = {},
): Promise<string> {
  const { writer, dataplane } = openFake(options);
  dataplane.want(ruleset, undefined);
  await dataplane.settle();
  return tableText(writer);
}

/** Base chains whose rules lead nowhere, or into a chain that decides nothing, let packets through. */
export function expectClosed(kernel: FakeKernel): void {
  const table = kernel.tables.get(TABLE);
  const open: string[] = [];
  const ends = (name: string) => {
    const last = table?.chains.get(name)?.rules.at(-1)?.expr.at(-1) ?? { counter: null };
    return "drop" in last || "accept" in last;
  };
  for (const [name, { chain, rules }] of table?.chains ?? []) {
    if (chain.hook === undefined) continue;
    for (const target of rules.flatMap((rule) => rulePlaces(rule).chains))
      if (!ends(target)) open.push(`${name} ${target}`);
    if (rules.length === 0) open.push(name);
  }
  for (const [name, { elements }] of table?.sets ?? []) {
    if (!/^e\d+-(in|e)gress-/.test(name)) continue;
    for (const { verdict } of elements.values()) {
      const target = targetOf(verdict);
      if (target !== undefined && !ends(target)) open.push(`${name} ${target}`);
    }
  }
  expect(open).toEqual([]);
}

/** Packets miss a map that is deleted by the transaction which stops using it. */
export function expectLateRemovals({ batches }: FakeWriter): void {
  for (const { nftables } of batches) {
    const removes = nftables.some((command) => "delete" in command && !("element" in command.delete));
    if (!removes) continue;
    expect(nftables.filter((command) => "add" in command)).toEqual([]);
    expect(nftables.filter((command) => "delete" in command && "element" in command.delete)).toEqual([]);
  }
}
