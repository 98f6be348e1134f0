import type { Batch, ChainObject, Command, MapObject, SetObject, TableObject } from "./batch.ts";
import type { Step } from "./kernel-objects.ts";
import { printElement, printRule, printType } from "./print-expression.ts";

function printTable({ family, name, flags }: TableObject): string {
  return `table ${family} ${name}${flags === undefined ? "" : ` { flags ${flags.join(",")}; }`}`;
}

function inTable({ family, table, name }: { family: string; table: string; name: string }): string {
  return `${family} ${table} ${name}`;
}

function printBase({ type, hook, prio, policy }: ChainObject): string {
  if (hook === undefined) return "";
  return ` { type ${type} hook ${hook} priority ${prio}; policy ${policy}; }`;
}

function printSet(set: SetObject | MapObject): string {
  const flags = set.flags === undefined ? "" : ` flags ${set.flags.join(",")};`;
  return `${inTable(set)} { type ${printType(set)};${flags} }`;
}

/** A command as a line that `nft -f` takes. */
function printCommand(command: Command): string {
  if ("flush" in command) return `flush chain ${inTable(command.flush.chain)}`;
  if ("add" in command) {
    const { add } = command;
    if ("table" in add) return `add ${printTable(add.table)}`;
    if ("chain" in add) return `add chain ${inTable(add.chain)}${printBase(add.chain)}`;
    if ("rule" in add)
      return `add rule ${inTable({ ...add.rule, name: add.rule.chain })} ${printRule(add.rule)}`;
    if ("set" in add) return `add set ${printSet(add.set)}`;
    if ("map" in add) return `add map ${printSet(add.map)}`;
    return `add element ${inTable(add.element)} { ${add.element.elem.map(printElement).join(", ")} }`;
  }
  const gone = command.delete;
  if ("table" in gone) return `delete table ${gone.table.family} ${gone.table.name}`;
  if ("chain" in gone) return `delete chain ${inTable(gone.chain)}`;
  if ("set" in gone) return `delete set ${inTable(gone.set)}`;
  if ("map" in gone) return `delete map ${inTable(gone.map)}`;
  return `delete element ${inTable(gone.element)} { ${gone.element.elem.map(printElement).join(", ")} }`;
}

/** The batch as a script that `nft -f` takes: one command a line. */
export function printBatch({ nftables }: Batch): string {
  return nftables.map((command) => `${printCommand(command)}\n`).join("");
}

export function printSteps(steps: readonly Step[]): string {
  return printBatch({ nftables: steps.map(({ command }) => command) });
}
