import type { Batch } from "./batch.ts";
import { deleteChain, deleteSet, flushChain } from "./commands.ts";
import type { Step } from "./kernel-objects.ts";
import { epochOfName } from "./names.ts";
import type { Gone } from "./plan.ts";
import type { TableNames } from "./writer.ts";

interface CountedSet {
  readonly map: boolean;
  elements: number;
}

/** The names in our table: what was found at the start, and every transaction since. */
export interface Inventory {
  readonly chains: Set<string>;
  /** Elements count only what was added since the start. */
  readonly sets: Map<string, CountedSet>;
  /** Of all sets together. */
  elements: number;
}

export function inventoryOf(names: TableNames | undefined): Inventory {
  const sets = (names?.sets ?? []).map(({ name, map }) => [name, { map, elements: 0 }] as const);
  return { chains: new Set(names?.chains), sets: new Map(sets), elements: 0 };
}

/** Foreign hands may have taken any of it away: what is there now, with the counts of what stayed. */
export function takeStockAgain(inventory: Inventory, names: TableNames | undefined): void {
  const { chains, sets } = inventory;
  const counted = new Map(sets);
  const now = inventoryOf(names);
  chains.clear();
  sets.clear();
  inventory.elements = 0;
  for (const name of now.chains) chains.add(name);
  for (const [name, set] of now.sets) {
    const elements = counted.get(name)?.elements ?? 0;
    sets.set(name, { ...set, elements });
    inventory.elements += elements;
  }
}

/** Takes in a batch that the kernel took. */
export function takeStock(inventory: Inventory, batch: Batch): void {
  const { chains, sets } = inventory;
  const count = (name: string, by: number) => {
    const set = sets.get(name);
    if (set === undefined) return;
    set.elements += by;
    inventory.elements += by;
  };
  const make = (name: string, map: boolean) => {
    if (!sets.has(name)) sets.set(name, { map, elements: 0 });
  };
  const remove = (name: string) => {
    inventory.elements -= sets.get(name)?.elements ?? 0;
    sets.delete(name);
  };
  for (const command of batch.nftables) {
    if ("add" in command) {
      const { add } = command;
      if ("chain" in add) chains.add(add.chain.name);
      else if ("set" in add) make(add.set.name, false);
      else if ("map" in add) make(add.map.name, true);
      else if ("element" in add) count(add.element.name, add.element.elem.length);
    } else if ("delete" in command) {
      const gone = command.delete;
      if ("chain" in gone) chains.delete(gone.chain.name);
      else if ("set" in gone) remove(gone.set.name);
      else if ("map" in gone) remove(gone.map.name);
      else if ("element" in gone) count(gone.element.name, -gone.element.elem.length);
    }
  }
}

export function highestEpoch({ chains, sets }: Inventory): number {
  let highest = 0;
  for (const name of [...chains, ...sets.keys()]) highest = Math.max(highest, epochOfName(name) ?? 0);
  return highest;
}

/** The names for which `isLeft` holds. */
export function leftovers({ chains, sets }: Inventory, isLeft: (name: string) => boolean): Gone {
  return {
    chains: [...chains].filter(isLeft),
    sets: [...sets].filter(([name]) => isLeft(name)).map(([name, { map }]) => ({ name, map })),
  };
}

/** What is still there of these names. */
export function present(gone: Gone, { chains, sets }: Inventory): Gone {
  return {
    chains: gone.chains.filter((name) => chains.has(name)),
    sets: gone.sets.filter(({ name }) => sets.has(name)),
  };
}

/** Which names that the steps make are in the table: made by them, or there before. */
export function createdNames(steps: readonly Step[], { chains, sets }: Inventory): Gone {
  const gone: Gone = { chains: [], sets: [] };
  for (const { command } of steps) {
    if (!("add" in command)) continue;
    const { add } = command;
    if ("chain" in add && chains.has(add.chain.name)) gone.chains.push(add.chain.name);
    else if ("set" in add && sets.has(add.set.name)) gone.sets.push({ name: add.set.name, map: false });
    else if ("map" in add && sets.has(add.map.name)) gone.sets.push({ name: add.map.name, map: true });
  }
  return gone;
}

/**
 * The order matters: a chain is busy while a rule or a map's element goes to it, a set while a rule looks into it.
 * Correct in one transaction and cut into several.
 */
export function removalSteps({ chains, sets }: Gone): Step[] {
  const commands = [
    ...chains.map(flushChain),
    ...sets.filter(({ map }) => map).map(({ name }) => deleteSet(name, true)),
    ...chains.map(deleteChain),
    ...sets.filter(({ map }) => !map).map(({ name }) => deleteSet(name, false)),
  ];
  return commands.map((command) => ({ command, origin: { kind: "frame" } }));
}
