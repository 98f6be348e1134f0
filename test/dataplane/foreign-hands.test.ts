import { expect, test } from "bun:test";
import { createFakeKernel, type FakeKernel } from "../../dataplane/nft/fake-kernel.ts";
import { FakeWriter } from "../../dataplane/nft/fake-writer.ts";
import { HOOK, TABLE } from "../../dataplane/nft/names.ts";
import { addressSet, from, pod, ports, program, ruleset } from "../golden/ruleset-builder.ts";
import {
  builtFresh,
  expectClosed,
  type FakeDataplane,
  openFake,
  tableText,
  settleAndTidy,
} from "./fake-dataplane.ts";

const clients = addressSet({ title: "clients", pods: ["10.0.0.1"] });
const web = program("ingress", "web", { segments: [ports(80, from(clients))] });
const wish = ruleset({
  endpoints: [pod("x/web", ["10.0.0.9"], { ingress: web })],
  programs: [web],
  addressSets: [clients],
});

async function settledPlain(kernel: FakeKernel = createFakeKernel()): Promise<FakeDataplane> {
  const fake = openFake({}, { canOwn: false, kernel });
  fake.dataplane.want(wish, undefined);
  await settleAndTidy(fake.dataplane);
  return fake;
}

async function expectMended({ writer, dataplane }: FakeDataplane): Promise<void> {
  expect(await settleAndTidy(dataplane)).toMatchObject({ kind: "applied", rebuilt: true });
  expect(dataplane.status.lastError).toBeUndefined();
  expect(tableText(writer)).toBe(await builtFresh(wish));
  expectClosed(writer.kernel);
  expect(writer.tableNames(TABLE)?.chains).toHaveLength(dataplane.status.chains);
  expect(writer.tableNames(TABLE)?.sets).toHaveLength(dataplane.status.sets);
  expect(await settleAndTidy(dataplane)).toEqual({ kind: "unchanged" });
}

test("a table that somebody else deleted is made again", async () => {
  const fake = await settledPlain();
  const { ownershipNote } = fake.dataplane.status;
  expect(ownershipNote).toContain("writer cannot own a table");
  fake.writer.kernel.tables.delete(TABLE);
  fake.dataplane.resync();
  await expectMended(fake);
  expect(fake.dataplane.status).toMatchObject({ ownership: "plain", ownershipNote });
});

test("a table that was deleted before the first settle, and one deleted twice", async () => {
  const fake = openFake({}, { canOwn: false });
  for (let round = 0; round < 3; round++) {
    fake.writer.kernel.tables.delete(TABLE);
    fake.dataplane.resync();
    fake.dataplane.want(wish, undefined);
    await expectMended(fake);
  }
});

test("a deletion that a change finds first is mended by that change's settle", async () => {
  const fake = await settledPlain();
  fake.writer.kernel.tables.delete(TABLE);
  const other = ruleset({
    endpoints: [pod("x/web", ["10.0.0.9"], { ingress: web }), pod("x/new", ["10.0.0.8"])],
    programs: [web],
    addressSets: [clients],
  });
  fake.dataplane.want(other, undefined);
  expect(await settleAndTidy(fake.dataplane)).toMatchObject({ kind: "applied", rebuilt: true });
  expect(tableText(fake.writer)).toBe(await builtFresh(other));
});

test("base chains that are gone come back, and what stays of the old epoch goes", async () => {
  const fake = await settledPlain();
  const table = fake.writer.kernel.tables.get(TABLE);
  for (const name of [HOOK.ingress, HOOK.gate]) table?.chains.delete(name);
  table?.sets.delete("e1-sources6");
  fake.dataplane.resync();
  await expectMended(fake);
  expect(fake.writer.tableNames(TABLE)?.chains.filter((name) => name.startsWith("e1-"))).toEqual([]);
});

test("a table that is there is not touched before the new epoch is in use", async () => {
  const fake = await settledPlain();
  const sent = fake.writer.batches.length;
  fake.dataplane.resync();
  await expectMended(fake);
  const commands = fake.writer.batches.slice(sent).flatMap(({ nftables }) => nftables);
  expect(commands.filter((one) => "add" in one && "table" in one.add)).toEqual([]);
  expect(commands.findIndex((one) => "delete" in one)).toBeGreaterThan(
    commands.findIndex((one) => "flush" in one && one.flush.chain.name === HOOK.ingress),
  );
});

test("connections that were open while there was no table get the grace of a first install", async () => {
  const fake = openFake({ graceMilliseconds: 1_000, clock: () => 0 }, { canOwn: false });
  fake.dataplane.want(wish, undefined);
  await settleAndTidy(fake.dataplane);
  fake.writer.kernel.tables.delete(TABLE);
  fake.dataplane.resync();
  await settleAndTidy(fake.dataplane);
  expect(fake.dataplane.status).toMatchObject({ grace: true, graceEndsAt: 1_000 });
});

test("a table that another owner made meanwhile is left to him, and the settle says so", async () => {
  const kernel = createFakeKernel();
  const fake = await settledPlain(kernel);
  kernel.tables.delete(TABLE);
  using other = new FakeWriter({ kernel });
  other.apply({
    nftables: [{ add: { table: { family: "inet", name: TABLE, flags: ["owner", "persist"] } } }],
  });
  fake.dataplane.resync();
  expect(await settleAndTidy(fake.dataplane)).toMatchObject({
    kind: "failed",
    found: expect.stringContaining("another living process owns the table"),
  });
});

test("a plain table that is gone is made an owned one where the writer can", async () => {
  const kernel = createFakeKernel();
  await settledPlain(kernel);
  const fake = openFake({}, { kernel });
  fake.dataplane.want(wish, undefined);
  await settleAndTidy(fake.dataplane);
  expect(fake.dataplane.status.ownership).toBe("plain");
  kernel.tables.delete(TABLE);
  fake.dataplane.resync();
  await expectMended(fake);
  expect(fake.dataplane.status).toMatchObject({ ownership: "owned", ownershipNote: "" });
});
