import { expect, test } from "bun:test";
import type { Command } from "../../dataplane/nft/batch.ts";
import { openNftDataplane } from "../../dataplane/nft/driver.ts";
import { createFakeKernel } from "../../dataplane/nft/fake-kernel.ts";
import { FakeWriter } from "../../dataplane/nft/fake-writer.ts";
import { TABLE } from "../../dataplane/nft/names.ts";
import type { NftWriter } from "../../dataplane/nft/writer.ts";
import type { Ruleset } from "../../model/ruleset.ts";
import { pod, ruleset } from "../golden/ruleset-builder.ts";
import {
  builtFresh,
  expectClosed,
  expectLateRemovals,
  FAST,
  openFake,
  tableText,
  settleAndTidy,
} from "./fake-dataplane.ts";
import { touchedBetween } from "./random-wishes.ts";

const endpoints = [pod("x/a", ["10.0.0.1", "fd00::1"])];
const none = ruleset({ endpoints });
const both = ruleset({ endpoints, pools: { "10.0.0.0/8": true, "fd00::/48": true } });
const wider = ruleset({
  endpoints,
  pools: { "10.0.0.0/8": true, "192.168.0.0/16": false, "fd00::/48": true },
});
const ipv6Only = ruleset({ endpoints, pools: { "10.0.0.0/8": false, "fd00::/48": true } });

const RULE = /ip saddr @(\S+) ip daddr != @(\S+) masquerade fully-random\n/;

/** The rules of the chain; undefined: there is none. */
function rulesIn(text: string): string[] | undefined {
  const body =
    /chain hook-masquerade \{\n\t\ttype nat hook postrouting priority 100; policy accept;\n([^}]*)\t\}/.exec(
      text,
    );
  return body?.[1]?.split("\n").flatMap((line) => (line === "" ? [] : [line.trim()]));
}

test("where nobody is masqueraded there is no chain for it", async () => {
  const { writer, dataplane } = openFake();
  dataplane.want(none, undefined);
  await settleAndTidy(dataplane);
  expect(rulesIn(writer.dump(TABLE))).toBeUndefined();
  expect(writer.dump(TABLE)).not.toContain("pools");
});

test("one rule for each family, and equal ranges share a set", async () => {
  const rules = rulesIn(await builtFresh(both));
  expect(rules).toHaveLength(2);
  for (const rule of rules ?? []) {
    const [, from, except] = /saddr @(\S+) ip6? daddr != @(\S+) masquerade fully-random$/.exec(rule) ?? [];
    expect(from).toBeDefined();
    expect(from).toBe(except);
  }
  const apart = rulesIn(await builtFresh(wider))?.find((rule) => rule.startsWith("ip "));
  const [, from, except] = RULE.exec(`${apart}\n`) ?? [];
  expect(from).not.toBe(except);
  expect(rulesIn(await builtFresh(ipv6Only))?.map((rule) => rule.slice(0, 10))).toEqual(["ip6 saddr "]);
});

test("each change is one stroke after its sets are there, and what it stops using goes later", async () => {
  const { writer, dataplane } = openFake();
  let before: Ruleset | undefined;
  for (const wish of [none, both, wider, ipv6Only, none, both, none]) {
    dataplane.want(wish, before && touchedBetween(before, wish));
    before = wish;
    expect((await settleAndTidy(dataplane)).kind).toBe("applied");
    expect(dataplane.status.epoch).toBe(1);
    expect(tableText(writer)).toBe(await builtFresh(wish));
  }
  expectLateRemovals(writer);
  expectClosed(writer.kernel);
  // With the last chain of type `nat` the kernel would stop to translate the connections that are open.
  expect(rulesIn(writer.dump(TABLE))).toEqual([]);
});

function rulesOfStroke(nftables: readonly Command[]): string[] {
  return nftables.flatMap((command) =>
    "add" in command && "rule" in command.add ? [command.add.rule.chain] : [],
  );
}

test.each([
  ["masquerades as before", both, 2],
  ["masquerades others", ipv6Only, 1],
  ["masquerades nobody any more", none, 0],
] as const)("a new agent that %s turns all base chains at one stroke", async (_, wish, rules) => {
  const kernel = createFakeKernel();
  const first = openFake({}, { kernel });
  first.dataplane.want(both, undefined);
  await settleAndTidy(first.dataplane);
  first.writer[Symbol.dispose]();
  const { writer, dataplane } = openFake({}, { kernel });
  expect(rulesIn(writer.dump(TABLE))).toHaveLength(2);
  dataplane.want(wish, undefined);
  expect(await settleAndTidy(dataplane)).toMatchObject({ kind: "applied", rebuilt: true });
  const strokes = writer.batches.filter(({ nftables }) =>
    nftables.some((command) => "flush" in command && command.flush.chain.name === "hook-masquerade"),
  );
  expect(strokes).toHaveLength(1);
  expect(new Set(rulesOfStroke(strokes[0]?.nftables ?? []))).toContain("hook-gate");
  const text = writer.dump(TABLE);
  expect(rulesIn(text)).toHaveLength(rules);
  expect(text).not.toContain("e1-");
  expect(tableText(writer)).toBe(await builtFresh(wish));
});

test("a new agent that begins to masquerade finds what an old one left", async () => {
  const kernel = createFakeKernel();
  for (const wish of [none, both, none, wider]) {
    const { writer, dataplane } = openFake({}, { kernel });
    dataplane.want(wish, undefined);
    await settleAndTidy(dataplane);
    expect(tableText(writer)).toBe(await builtFresh(wish));
    writer[Symbol.dispose]();
  }
});

/** A kernel that was built without address translation, until it has it. */
function withoutNat(inner: FakeWriter): NftWriter & { nat: boolean } {
  return {
    nat: false,
    kind: inner.kind,
    canOwn: inner.canOwn,
    byteLimit: inner.byteLimit,
    batchBytes: (batch) => inner.batchBytes(batch),
    apply(batch) {
      const index = batch.nftables.findIndex(
        (command) => "add" in command && "chain" in command.add && command.add.chain.type === "nat",
      );
      if (index < 0 || this.nat) return inner.apply(batch);
      return { ok: false, failures: [{ index, code: "ENOENT", message: "no such chain type" }] };
    },
    tableNames: (table) => inner.tableNames(table),
    [Symbol.dispose]: () => inner[Symbol.dispose](),
  };
}

test("a kernel that cannot translate still enforces policy, and says what it refused until it can", async () => {
  using writer = new FakeWriter();
  const kernel = withoutNat(writer);
  await using dataplane = openNftDataplane(kernel, FAST);
  dataplane.want(both, undefined);
  const settled = await settleAndTidy(dataplane);
  expect(settled).toMatchObject({
    kind: "degraded",
    refused: [
      {
        kind: "masquerade",
        id: "from 10.0.0.0/8, fd00::/48 to anywhere but 10.0.0.0/8, fd00::/48",
        title: "packets that leave the cluster",
        consequence: "endpoints keep their own addresses outside",
      },
    ],
  });
  expect(tableText(writer)).toBe(await builtFresh(none));
  // Other ranges are another wish, refused anew; the same again once it can be had.
  dataplane.want(wider, touchedBetween(both, wider));
  expect((await settleAndTidy(dataplane)).kind).toBe("degraded");
  expectClosed(writer.kernel);
  kernel.nat = true;
  dataplane.resync();
  expect(await settleAndTidy(dataplane)).toMatchObject({ kind: "applied" });
  expect(dataplane.status.refused).toEqual([]);
  expect(tableText(writer)).toBe(await builtFresh(wider));
});

test("in force, a refusal of masquerading changes nothing else", async () => {
  using writer = new FakeWriter();
  await using dataplane = openNftDataplane(withoutNat(writer), FAST);
  dataplane.want(none, undefined);
  await settleAndTidy(dataplane);
  dataplane.want(both, touchedBetween(none, both));
  expect((await settleAndTidy(dataplane)).kind).toBe("degraded");
  expect(tableText(writer)).toBe(await builtFresh(none));
  dataplane.want(none, touchedBetween(both, none));
  await settleAndTidy(dataplane);
  expect(dataplane.status.refused).toEqual([]);
});
