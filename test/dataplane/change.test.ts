import { expect, test } from "bun:test";
import { ELEMENTS_PER_COMMAND } from "../../dataplane/nft/commands.ts";
import { namesOfEpoch, TABLE } from "../../dataplane/nft/names.ts";
import type { Address } from "../../model/address.ts";
import { podInterfaceName } from "../../model/fingerprint.ts";
import type { Ruleset, Touched } from "../../model/ruleset.ts";
import { addressSet, from, pod, ports, program, ruleset } from "../golden/ruleset-builder.ts";
import { builtFresh, expectLateRemovals, openFake, tableText, settleAndTidy } from "./fake-dataplane.ts";
import { touchedBetween } from "./random-wishes.ts";

const clients = addressSet({ title: "clients", pods: ["10.0.0.1"] });
const web = program("ingress", "web", { segments: [ports(80, from(clients))] });
const NOWHERE: Touched = {
  addressSets: new Map(),
  serviceSets: new Map(),
  programs: new Set(),
  endpoints: new Set(),
};

function wishWith(addresses: Iterable<string>): Ruleset {
  return ruleset({
    endpoints: [pod("x/web", ["10.0.0.9"], { ingress: web })],
    programs: [web],
    addressSets: [{ ...clients, addresses: new Set(addresses as Iterable<Address>) }],
  });
}

function manyAddresses(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `10.${1 + (at >> 16)}.${(at >> 8) & 255}.${at & 255}`);
}

test("one address enters one set: one command with one element", async () => {
  const { writer, dataplane } = openFake();
  const [before, after] = [wishWith(["10.0.0.1"]), wishWith(["10.0.0.1", "10.0.0.2"])];
  dataplane.want(before, undefined);
  await settleAndTidy(dataplane);
  const sent = writer.batches.length;
  dataplane.want(after, touchedBetween(before, after));
  expect(await settleAndTidy(dataplane)).toMatchObject({ kind: "applied", commands: 1, rebuilt: false });
  const name = namesOfEpoch(1).endpoints(clients.id, 4);
  expect(writer.batches.slice(sent)).toEqual([
    { nftables: [{ add: { element: { family: "inet", table: TABLE, name, elem: ["10.0.0.2"] } } }] },
  ]);
});

test("only what was touched is looked at", async () => {
  const { writer, dataplane } = openFake();
  dataplane.want(wishWith(["10.0.0.1"]), undefined);
  await settleAndTidy(dataplane);
  const sent = writer.batches.length;
  dataplane.want(wishWith(["10.0.0.1", "10.0.0.2", "10.0.0.3"]), {
    ...NOWHERE,
    addressSets: new Map([[clients.id, new Set(["10.0.0.3" as Address])]]),
  });
  await settleAndTidy(dataplane);
  expect(JSON.stringify(writer.batches.slice(sent))).not.toContain("10.0.0.2");
  expect(writer.batches.length).toBe(sent + 1);
});

test("an address moves to another pod in one transaction, after another made what it needs", async () => {
  const { writer, dataplane } = openFake();
  const address = { attachment: { kind: "address" } } as const;
  const before = ruleset({ endpoints: [pod("x/old", ["10.0.0.1"], address), pod("x/new", [], address)] });
  const after = ruleset({
    endpoints: [pod("x/old", [], address), pod("x/new", ["10.0.0.1"], { ...address, ingress: web })],
    programs: [web],
    addressSets: [clients],
  });
  dataplane.want(before, undefined);
  await settleAndTidy(dataplane);
  const sent = writer.batches.length;
  dataplane.want(after, touchedBetween(before, after));
  await settleAndTidy(dataplane);
  const [creation, move, ...more] = writer.batches.slice(sent).map((batch) => JSON.stringify(batch));
  expect(more).toEqual([]);
  // What a packet may meet is all in the second: the first only makes what nothing leads to yet.
  expect(creation).not.toMatch(/delete|flush|-interfaces|-addresses/);
  expect(move).toContain("10.0.0.1");
  expect(tableText(writer)).toBe(await builtFresh(after));
});

test("a pod without addresses is in the dispatch and owns no source", async () => {
  const { writer, dataplane } = openFake();
  dataplane.want(ruleset({ endpoints: [pod("x/young", [])] }), undefined);
  await settleAndTidy(dataplane);
  const name = podInterfaceName("x", "young");
  expect(writer.dump(TABLE).split(`"${name}"`)).toHaveLength(3);
});

test("a large set is built in chunks that fit, and a large change becomes a new epoch", async () => {
  const { writer, dataplane } = openFake({}, { byteLimit: 20_000 });
  const [small, large] = [wishWith(["10.0.0.1"]), wishWith(manyAddresses(10 * ELEMENTS_PER_COMMAND + 7))];
  dataplane.want(small, undefined);
  await settleAndTidy(dataplane);
  dataplane.want(large, touchedBetween(small, large));
  expect(await settleAndTidy(dataplane)).toMatchObject({ kind: "applied", rebuilt: true });
  expect(dataplane.status).toMatchObject({ epoch: 2, lastError: undefined });
  expect(tableText(writer)).toBe(await builtFresh(large));
  for (const batch of writer.batches) expect(writer.batchBytes(batch)).toBeLessThanOrEqual(writer.byteLimit);
  expectLateRemovals(writer);
});

test("the loop turns between the chunks of a first install", async () => {
  let turns = 0;
  const { writer, dataplane } = openFake({ pause: async () => void turns++ }, { byteLimit: 20_000 });
  const endpoints = Array.from({ length: 300 }, (_, at) =>
    pod(`x/pod-${at}`, [`10.1.${at >> 8}.${at & 255}`]),
  );
  dataplane.want(ruleset({ endpoints }), undefined);
  await settleAndTidy(dataplane);
  expect(turns).toBeGreaterThan(3);
  expect(dataplane.status.elements).toBe(900);
  expect(writer.tableNames(TABLE)?.chains).toHaveLength(dataplane.status.chains);
  expect(writer.tableNames(TABLE)?.sets).toHaveLength(dataplane.status.sets);
});

test("a resync builds everything anew", async () => {
  const { writer, dataplane } = openFake();
  const wish = wishWith(["10.0.0.1"]);
  dataplane.want(wish, undefined);
  await settleAndTidy(dataplane);
  dataplane.resync();
  expect(await settleAndTidy(dataplane)).toMatchObject({ kind: "applied", rebuilt: true });
  expect(dataplane.status.epoch).toBe(2);
  expect(tableText(writer)).toBe(await builtFresh(wish));
});

test("the grace ends with a new epoch that knows no replies", async () => {
  let time = 0;
  const { writer, dataplane } = openFake({ graceMilliseconds: 1_000, clock: () => time });
  const wish = wishWith(["10.0.0.1"]);
  dataplane.want(wish, undefined);
  await settleAndTidy(dataplane);
  expect(dataplane.status).toMatchObject({ grace: true, graceEndsAt: 1_000 });
  expect(tableText(writer)).toContain("mirror-");
  time = 999;
  expect(await settleAndTidy(dataplane)).toEqual({ kind: "unchanged" });
  time = 1_000;
  expect(await settleAndTidy(dataplane)).toMatchObject({ kind: "applied", rebuilt: true });
  expect(dataplane.status).toMatchObject({ grace: false, graceEndsAt: undefined });
  expect(tableText(writer)).toBe(await builtFresh(wish));
});

test("settling without a wish does nothing", async () => {
  const { writer, dataplane } = openFake();
  expect(await settleAndTidy(dataplane)).toEqual({ kind: "unchanged" });
  expect(writer.batches).toHaveLength(1);
});

test("a wish is in force, and settled, before what it replaced is removed", async () => {
  const ripe = Promise.withResolvers<void>();
  const { writer, dataplane } = openFake({ linger: () => ripe.promise });
  const [before, after] = [wishWith(["10.0.0.1"]), ruleset({ endpoints: [pod("x/web", ["10.0.0.9"])] })];
  dataplane.want(before, undefined);
  expect(await dataplane.settle()).toMatchObject({ rebuilt: true });
  dataplane.want(after, touchedBetween(before, after));
  expect(await dataplane.settle()).toMatchObject({ rebuilt: false, commands: 2 });
  expect(tableText(writer)).not.toBe(await builtFresh(after));
  ripe.resolve();
  await dataplane.tidied();
  expect(tableText(writer)).toBe(await builtFresh(after));
});
