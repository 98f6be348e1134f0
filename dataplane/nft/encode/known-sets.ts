import type { SetShape } from "./value-types.ts";

/** What the kernel is asked for about a set that nobody here made; undefined: there is none. */
export type FindShape = (table: string, set: string) => SetShape | undefined;

interface TableSets {
  /** The table was deleted in this batch: what was known before is void. */
  fresh: boolean;
  readonly sets: Map<string, SetShape | undefined>;
}

/**
 * Shapes of sets by name: an element command names its set, and only the set tells what its elements look like. What
 * a batch changes is `staged` until the kernel has taken the batch.
 */
export interface KnownSets {
  readonly lasting: Map<string, Map<string, SetShape>>;
  readonly staged: Map<string, TableSets>;
  readonly find: FindShape;
}

export function createKnownSets(find: FindShape): KnownSets {
  return { lasting: new Map(), staged: new Map(), find };
}

function stagedTable({ staged }: KnownSets, table: string): TableSets {
  const old = staged.get(table);
  if (old !== undefined) return old;
  const fresh = { fresh: false, sets: new Map() };
  staged.set(table, fresh);
  return fresh;
}

/** `shape` undefined: the set is deleted. */
export function stageSet(
  known: KnownSets,
  table: string,
  {
    name,
    shape,
  }: {
    readonly name: string;
    readonly shape: SetShape | undefined;
  },
): void {
  stagedTable(known, table).sets.set(name, shape);
}

export function stageTableDeletion({ staged }: KnownSets, table: string): void {
  staged.set(table, { fresh: true, sets: new Map() });
}

export function shapeOf(known: KnownSets, table: string, name: string): SetShape | undefined {
  const staged = known.staged.get(table);
  if (staged?.sets.has(name) === true) return staged.sets.get(name);
  if (staged?.fresh === true) return undefined;
  const lasting = known.lasting.get(table)?.get(name);
  if (lasting !== undefined) return lasting;
  const found = known.find(table, name);
  if (found !== undefined) remember(known, table, { name, shape: found });
  return found;
}

function remember(
  { lasting }: KnownSets,
  table: string,
  {
    name,
    shape,
  }: {
    readonly name: string;
    readonly shape: SetShape | undefined;
  },
): void {
  const sets = lasting.get(table) ?? new Map<string, SetShape>();
  lasting.set(table, sets);
  if (shape === undefined) sets.delete(name);
  else sets.set(name, shape);
}

/** The kernel has taken the batch. */
export function commitStaged(known: KnownSets): void {
  for (const [table, { fresh, sets }] of known.staged) {
    if (fresh) known.lasting.delete(table);
    for (const [name, shape] of sets) remember(known, table, { name, shape });
  }
  known.staged.clear();
}

/** The kernel has refused the batch: nothing of it is true. */
export function dropStaged(known: KnownSets): void {
  known.staged.clear();
}
