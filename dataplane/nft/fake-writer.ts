import type { Batch, ChainObject, Command, ElementObject, MapObject, SetObject } from "./batch.ts";
import {
  checkGraph,
  checkHook,
  checkKey,
  checkName,
  checkRule,
  checkTarget,
  isUsed,
  typesOf,
} from "./fake-checks.ts";
import {
  copyTable,
  createFakeKernel,
  elementParts,
  type FakeKernel,
  type FakeTable,
  KernelRefusal,
  refuse,
} from "./fake-kernel.ts";
import { printTableOf } from "./print-table.ts";
import type { BatchResult, Failure, NftWriter, TableNames } from "./writer.ts";

export interface FakeWriterOptions {
  readonly kernel?: FakeKernel;
  readonly canOwn?: boolean;
  readonly byteLimit?: number;
}

function addChain(table: FakeTable, chain: ChainObject): void {
  checkName(chain.name);
  checkHook(chain);
  const old = table.chains.get(chain.name);
  if (old === undefined) {
    table.chains.set(chain.name, { chain, rules: [] });
  } else if (
    chain.hook !== undefined &&
    (["type", "hook", "prio"] as const).some((part) => old.chain[part] !== chain[part])
  ) {
    refuse("EEXIST", `chain ${chain.name} hangs on another hook`);
  }
}

function addSet(table: FakeTable, set: SetObject | MapObject): void {
  checkName(set.name);
  const old = table.sets.get(set.name);
  if (old === undefined) {
    table.sets.set(set.name, { set, elements: new Map() });
  } else {
    const same = typesOf(old.set).join() === typesOf(set).join() && "map" in old.set === "map" in set;
    if (!same || old.set.flags?.join() !== set.flags?.join())
      refuse("EEXIST", `set ${set.name} is of another type`);
  }
}

function changeElements(table: FakeTable, { name, elem }: ElementObject, remove: boolean): void {
  const place = table.sets.get(name) ?? refuse("ENOENT", `no set ${name}`);
  for (const { key, verdict } of elem.map(elementParts)) {
    const text = JSON.stringify(key);
    const old = place.elements.get(text);
    if (remove) {
      if (old === undefined) refuse("ENOENT", `no element ${text} in ${name}`);
      place.elements.delete(text);
      continue;
    }
    if ("map" in place.set !== (verdict !== undefined))
      refuse("EINVAL", `verdict and kind of ${name} do not agree`);
    checkKey(place, key);
    const target = verdict === undefined ? undefined : Object.values(verdict)[0]?.target;
    if (target !== undefined) checkTarget(table, target);
    if (old !== undefined && JSON.stringify(old.verdict) !== JSON.stringify(verdict)) {
      refuse("EEXIST", `${text} in ${name} has another verdict`);
    }
    place.elements.set(text, { key, verdict });
  }
}

function chainOf(table: FakeTable, name: string): { rules: unknown[] } {
  return table.chains.get(name) ?? refuse("ENOENT", `no chain ${name}`);
}

function deleteChain(table: FakeTable, name: string): void {
  const { rules } = chainOf(table, name);
  if (rules.length > 0 || isUsed(table, "chain", name)) refuse("EBUSY", `chain ${name} is in use`);
  table.chains.delete(name);
}

function deleteSet(table: FakeTable, name: string): void {
  if (!table.sets.has(name)) refuse("ENOENT", `no set ${name}`);
  if (isUsed(table, "set", name)) refuse("EBUSY", `set ${name} is in use`);
  table.sets.delete(name);
}

function tableOf(command: Command): string {
  const [body] = Object.values(command) as readonly Record<string, { name: string; table?: string }>[];
  const [object] = Object.values(body ?? {});
  return object?.table ?? object?.name ?? "";
}

/**
 * The kernel in memory: refuses what the kernel refuses, all or nothing, and reports every failing command. A batch
 * that works is kept in `batches`.
 */
export class FakeWriter implements NftWriter {
  readonly kind = "netlink";
  readonly canOwn: boolean;
  readonly byteLimit: number;
  readonly batches: Batch[] = [];
  readonly kernel: FakeKernel;
  readonly #self: symbol = Symbol("port");
  readonly #planned: { readonly skip: number; readonly failures: readonly Failure[] }[] = [];
  #closed = false;

  constructor(options: FakeWriterOptions = {}) {
    this.kernel = options.kernel ?? createFakeKernel();
    this.canOwn = options.canOwn ?? true;
    this.byteLimit = options.byteLimit ?? 1_000_000;
  }

  /** The batch after `skip` more fails with these. */
  failNext(failures: readonly Failure[], skip = 0): void {
    this.#planned.push({ skip, failures });
  }

  batchBytes(batch: Batch): number {
    return JSON.stringify(batch).length;
  }

  apply(batch: Batch): BatchResult {
    if (this.#closed) throw new Error("the writer is closed");
    const planned = this.#planned[0];
    if (planned !== undefined) {
      this.#planned.shift();
      if (planned.skip === 0) return { ok: false, failures: planned.failures };
      this.#planned.unshift({ ...planned, skip: planned.skip - 1 });
    }
    if (this.batchBytes(batch) > this.byteLimit) {
      return { ok: false, failures: [{ index: -1, code: "EMSGSIZE", message: "the batch is too large" }] };
    }
    const tables = new Map(this.kernel.tables);
    const copied = new Set<string>();
    const failures: Failure[] = [];
    const attempt = (index: number, work: () => void) => {
      try {
        work();
      } catch (error) {
        if (!(error instanceof KernelRefusal)) throw error;
        failures.push({ index, code: error.code, message: error.message });
      }
    };
    for (const [index, command] of batch.nftables.entries()) {
      attempt(index, () => {
        const name = tableOf(command);
        const old = tables.get(name);
        if (old !== undefined && !copied.has(name)) tables.set(name, copyTable(old));
        copied.add(name);
        this.#carryOut(tables, command);
      });
    }
    for (const name of copied) {
      const table = tables.get(name);
      if (table !== undefined && failures.length === 0) {
        attempt(batch.nftables.length - 1, () => checkGraph(table));
      }
    }
    if (failures.length > 0) return { ok: false, failures };
    this.kernel.tables.clear();
    for (const [name, table] of tables) this.kernel.tables.set(name, table);
    this.batches.push(batch);
    return { ok: true };
  }

  #addTable(
    tables: Map<string, FakeTable>,
    { name, flags }: { name: string; flags?: readonly string[] },
  ): void {
    const old = tables.get(name);
    const flagged = flags?.length === 2;
    if (flagged && !this.canOwn) refuse("EOPNOTSUPP", "no owner here");
    if (old === undefined) {
      tables.set(name, {
        flagged,
        owner: flagged ? this.#self : undefined,
        chains: new Map(),
        sets: new Map(),
      });
    } else if (flagged !== old.flagged) {
      refuse("EOPNOTSUPP", "the flags of a table cannot change");
    } else if (flagged) {
      tables.set(name, { ...old, owner: this.#self });
    }
  }

  #carryOut(tables: Map<string, FakeTable>, command: Command): void {
    const table = tables.get(tableOf(command));
    if (table?.owner !== undefined && table.owner !== this.#self)
      refuse("EPERM", "another process owns the table");
    if ("add" in command && "table" in command.add) return this.#addTable(tables, command.add.table);
    if (table === undefined) return refuse("ENOENT", "no such table");
    if ("flush" in command) {
      chainOf(table, command.flush.chain.name).rules.length = 0;
    } else if ("add" in command) {
      const { add } = command;
      if ("chain" in add) addChain(table, add.chain);
      else if ("set" in add) addSet(table, add.set);
      else if ("map" in add) addSet(table, add.map);
      else if ("element" in add) changeElements(table, add.element, false);
      else if ("rule" in add) {
        const chain = chainOf(table, add.rule.chain);
        checkRule(table, add.rule);
        chain.rules.push(add.rule);
      }
    } else {
      const gone = command.delete;
      if ("table" in gone) tables.delete(gone.table.name);
      else if ("chain" in gone) deleteChain(table, gone.chain.name);
      else if ("set" in gone) deleteSet(table, gone.set.name);
      else if ("map" in gone) deleteSet(table, gone.map.name);
      else changeElements(table, gone.element, true);
    }
  }

  tableNames(name: string): TableNames | undefined {
    const table = this.kernel.tables.get(name);
    if (table === undefined) return undefined;
    const free = table.flagged ? "orphan" : "plain";
    return {
      chains: [...table.chains.keys()],
      sets: [...table.sets].map(([set, one]) => ({ name: set, map: "map" in one.set })),
      ownership: table.owner === undefined ? free : "owned",
    };
  }

  /** The table as nft text, sorted; empty where there is none. */
  dump(name: string): string {
    const table = this.kernel.tables.get(name);
    if (table === undefined) return "";
    const commands: Command[] = [];
    for (const { set, elements } of table.sets.values()) {
      commands.push("map" in set ? { add: { map: set } } : { add: { set } });
      const elem = [...elements.values()].map(({ key, verdict }) =>
        verdict === undefined ? key : ([key, verdict] as const),
      );
      const { family, table: of } = set;
      commands.push({ add: { element: { family, table: of, name: set.name, elem } } });
    }
    for (const { chain, rules } of table.chains.values()) {
      commands.push({ add: { chain } }, ...rules.map((rule) => ({ add: { rule } })));
    }
    return printTableOf("inet", name, [{ nftables: commands }]);
  }

  /** The owner dies: its tables become orphans. */
  [Symbol.dispose](): void {
    this.#closed = true;
    for (const [name, table] of this.kernel.tables) {
      if (table.owner === this.#self) this.kernel.tables.set(name, { ...table, owner: undefined });
    }
  }
}
