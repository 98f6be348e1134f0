import { expect, test } from "bun:test";
import { addChain, addElements, addRule, addSet, addTable } from "./commands.ts";
import { ACCEPT } from "./expressions.ts";
import { FakeWriter, type FakeWriterOptions } from "./fake-writer.ts";
import { inventoryOf } from "./inventory.ts";
import type { KernelElement, Step } from "./kernel-objects.ts";
import { createTransactions, type Transactions } from "./transactions.ts";
import type { BatchResult } from "./writer.ts";

function frameStep(command: Step["command"]): Step {
  return { command, origin: { kind: "frame" } };
}

const SET = { name: "s-a", type: "ipv4_addr", interval: false, map: false } as const;

function chains(count: number): Step[] {
  return Array.from({ length: count }, (_, at) => frameStep(addChain({ name: `c-${at}`, rules: [] })));
}

interface Setup {
  readonly writer: FakeWriter;
  readonly transactions: Transactions;
  readonly pauses: { count: number };
}

/** `cost`: milliseconds that each command seems to take. */
function setUp(options: FakeWriterOptions & { cost?: number } = {}): Setup {
  const writer = new FakeWriter(options);
  writer.apply({ nftables: [addTable([]), addSet(SET)] });
  writer.batches.length = 0;
  const pauses = { count: 0 };
  const clock = () =>
    writer.batches.reduce((total, { nftables }) => total + nftables.length, 0) * (options.cost ?? 0.01);
  const pause = async () => void pauses.count++;
  const inventory = inventoryOf(writer.tableNames("tortie"));
  return { writer, transactions: createTransactions({ writer, inventory, clock, pause }), pauses };
}

test("chunks shrink until each takes no longer than a step may", async () => {
  const { writer, transactions, pauses } = setUp({ cost: 0.2 });
  expect(await transactions.sendInChunks(chains(1_000))).toEqual([]);
  const sizes = writer.batches.map(({ nftables }) => nftables.length);
  expect(Math.max(...sizes.slice(3)) * 0.2).toBeLessThanOrEqual(10);
  expect(pauses.count).toBe(writer.batches.length - 1);
  expect(transactions.sent).toBe(1_000);
});

test("chunks grow while the kernel is quick", async () => {
  const { writer, transactions } = setUp({ cost: 0.001 });
  await transactions.sendInChunks(chains(3_000));
  expect(writer.batches.length).toBeLessThan(10);
});

test("a chunk never exceeds what one transaction can carry", async () => {
  const { writer, transactions } = setUp({ byteLimit: 5_000 });
  expect(await transactions.sendInChunks(chains(300))).toEqual([]);
  expect(transactions.fits(chains(300))).toBe(false);
  for (const batch of writer.batches) expect(writer.batchBytes(batch)).toBeLessThanOrEqual(5_000);
});

test("where the writer cannot tell, each command is tried alone", async () => {
  const { writer, transactions } = setUp();
  const bad = frameStep(addRule("c-none", { expr: [ACCEPT] }));
  const apply = writer.apply.bind(writer);
  writer.apply = (batch): BatchResult => {
    const result = apply(batch);
    return result.ok ? result : { ok: false, failures: [{ index: -1, code: "", message: "refused" }] };
  };
  const failures = await transactions.sendInChunks([...chains(3), bad]);
  expect(failures).toEqual([{ step: bad, code: "", message: "refused" }]);
  expect([...transactions.inventory.chains]).toEqual(["c-0", "c-1", "c-2"]);
});

test("a command that cannot be written down is named, and the writer's throw goes no further", () => {
  const { writer, transactions } = setUp();
  const apply = writer.apply.bind(writer);
  const unwritable = (text: string) => text.includes("monster");
  writer.batchBytes = (batch) => {
    if (unwritable(JSON.stringify(batch))) throw new TypeError("no such address");
    return 1;
  };
  writer.apply = (batch) => {
    writer.batchBytes(batch);
    return apply(batch);
  };
  const element: KernelElement = { set: SET.name, key: "monster" };
  const steps = [...chains(2), ...addElements(SET.name, [element]).map(frameStep)];
  expect(transactions.send(steps)).toEqual([
    { step: steps[2], code: "EINVAL", message: "cannot be written down: TypeError: no such address" },
  ]);
});

test("the inventory follows only what the kernel took", () => {
  const { writer, transactions } = setUp();
  const elements = addElements(SET.name, [
    { set: SET.name, key: "10.0.0.1" },
    { set: SET.name, key: "10.0.0.2" },
  ]);
  writer.failNext([{ index: 0, code: "ENOMEM", message: "no memory" }]);
  expect(transactions.send(elements.map(frameStep))).toHaveLength(1);
  expect(transactions.inventory.sets.get(SET.name)?.elements).toBe(0);
  expect(transactions.send(elements.map(frameStep))).toEqual([]);
  expect(transactions.inventory.sets.get(SET.name)?.elements).toBe(2);
});
