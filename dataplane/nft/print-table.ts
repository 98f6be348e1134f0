import type { Batch, ChainObject, ElementObject, MapObject, RuleObject, SetObject } from "./batch.ts";
import { printElement, printRule, printType } from "./print-expression.ts";

interface Contents {
  readonly sets: Map<
    string,
    { readonly set: SetObject | MapObject; readonly elements: ElementObject["elem"][number][] }
  >;
  readonly chains: Map<string, { readonly chain: ChainObject; readonly rules: RuleObject[] }>;
}

function collect(batches: readonly Batch[]): Contents {
  const contents: Contents = { sets: new Map(), chains: new Map() };
  for (const command of batches.flatMap(({ nftables }) => nftables)) {
    if (!("add" in command)) continue;
    const { add } = command;
    if ("chain" in add) contents.chains.set(add.chain.name, { chain: add.chain, rules: [] });
    else if ("rule" in add) contents.chains.get(add.rule.chain)?.rules.push(add.rule);
    else if ("set" in add) contents.sets.set(add.set.name, { set: add.set, elements: [] });
    else if ("map" in add) contents.sets.set(add.map.name, { set: add.map, elements: [] });
    else if ("element" in add) contents.sets.get(add.element.name)?.elements.push(...add.element.elem);
  }
  return contents;
}

function printSet(set: SetObject | MapObject, elements: readonly string[]): string {
  const lines = [`type ${printType(set)}`];
  if (set.flags !== undefined) lines.push(`flags ${set.flags.join(",")}`);
  if (elements.length > 0) lines.push(`elements = {\n\t\t\t${elements.join(",\n\t\t\t")}\n\t\t}`);
  const keyword = "map" in set ? "map" : "set";
  return `\t${keyword} ${set.name} {\n${lines.map((line) => `\t\t${line}\n`).join("")}\t}\n`;
}

function printChain({ name, type, hook, prio, policy }: ChainObject, rules: readonly RuleObject[]): string {
  const lines = rules.map(printRule);
  if (hook !== undefined) lines.unshift(`type ${type} hook ${hook} priority ${prio}; policy ${policy};`);
  return `\tchain ${name} {\n${lines.map((line) => `\t\t${line}\n`).join("")}\t}\n`;
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

/** What a table holds after batches that only add: sorted, as `nft -f` takes it and a person reviews it. */
export function printTableOf(family: string, table: string, batches: readonly Batch[]): string {
  const { sets, chains } = collect(batches);
  const blocks = [
    ...[...sets]
      .toSorted(byName)
      .map(([, { set, elements }]) => printSet(set, elements.map(printElement).toSorted())),
    ...[...chains].toSorted(byName).map(([, { chain, rules }]) => printChain(chain, rules)),
  ];
  return `table ${family} ${table} {\n${blocks.join("\n")}}\n`;
}
