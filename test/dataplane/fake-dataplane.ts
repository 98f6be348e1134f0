import { expect } from "bun:test";
import type { Dataplane, Settled } from "../../dataplane/dataplane.ts";
import { type NftDataplaneOptions, openNftDataplane } from "../../dataplane/nft/driver.ts";
import type { FakeKernel } from "../../dataplane/nft/fake-kernel.ts";
import { rulePlaces, targetOf } from "../../dataplane/nft/fake-kernel.ts";
import { FakeWriter, type FakeWriterOptions } from "../../dataplane/nft/fake-writer.ts";
import { epochOfName, TABLE } from "../../dataplane/nft/names.ts";
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

/** Settles, and waits until what fell out of use is deleted. */
export async function settleAndTidy(dataplane: Dataplane): Promise<Settled> {
  const settled = await dataplane.settle();
  await dataplane.tidied();
  return settled;
}

/** What stays of a base chain when nobody is masqueraded any more. */
const IDLE_NAT = /\n\tchain hook-masquerade \{\n\t\ttype nat [^\n]*\n\t\}\n/;

/** The table's text without the epoch in its names, and without a chain that does nothing. */
export function tableText(writer: FakeWriter): string {
  return writer
    .dump(TABLE)
    .replaceAll(/\be\d+-/g, "e-")
    .replace(IDLE_NAT, "");
}

/** What the table holds when the ruleset is built from nothing. */
export async function builtFresh(
  ruleset: Ruleset,
  options: Partial<NftDataplaneOptions> = {},
): Promise<string> {
  const { writer, dataplane } = openFake(options);
  dataplane.want(ruleset, undefined);
  await settleAndTidy(dataplane);
  return tableText(writer);
}

/** Base chains whose rules lead nowhere, or into a chain that decides nothing, let packets through. Other epochs see none. */
export function expectClosed(kernel: FakeKernel): void {
  const table = kernel.tables.get(TABLE);
  const open: string[] = [];
  const ends = (name: string) => {
    const last = table?.chains.get(name)?.rules.at(-1)?.expr.at(-1) ?? { counter: null };
    return "drop" in last || "accept" in last;
  };
  const epochs = new Set<number | undefined>();
  for (const [name, { chain, rules }] of table?.chains ?? []) {
    if (chain.hook === undefined) continue;
    for (const target of rules.flatMap((rule) => rulePlaces(rule).chains)) {
      epochs.add(epochOfName(target));
      if (!ends(target)) open.push(`${name} ${target}`);
    }
    if (rules.length === 0 && chain.type === "filter") open.push(name);
  }
  for (const [name, { elements }] of table?.sets ?? []) {
    if (!/^e\d+-(in|e)gress-/.test(name) || !epochs.has(epochOfName(name))) continue;
    for (const { verdict } of elements.values()) {
      const target = targetOf(verdict);
      if (target !== undefined && !ends(target)) open.push(`${name} ${target}`);
    }
  }
  expect(open).toEqual([]);
}

/** Packets miss a map that is deleted by the transaction which stops using it, or made by the one that begins to. */
export function expectLateRemovals({ batches }: FakeWriter): void {
  for (const { nftables } of batches) {
    const turns = nftables.some(
      (command) => "flush" in command && command.flush.chain.name.startsWith("hook-"),
    );
    const makes = nftables.filter(
      (command) => "add" in command && ("set" in command.add || "map" in command.add),
    );
    if (turns) expect(makes).toEqual([]);
    const removes = nftables.some((command) => "delete" in command && !("element" in command.delete));
    if (!removes) continue;
    expect(nftables.filter((command) => "add" in command)).toEqual([]);
    expect(nftables.filter((command) => "delete" in command && "element" in command.delete)).toEqual([]);
  }
}
