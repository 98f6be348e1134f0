import { expect, test } from "bun:test";
import {
  openFake,
  builtFresh,
  expectClosed,
  expectLateRemovals,
  settleAndTidy,
  tableText,
} from "./fake-dataplane.ts";
import type { AddressSet, Ruleset } from "../../model/ruleset.ts";
import { addressSet, EVERYONE, from, pod, ports, program, ruleset } from "../golden/ruleset-builder.ts";
import { touchedBetween } from "./random-wishes.ts";

const clients = addressSet({ title: "clients", pods: ["10.0.0.1"], blocks: ["10.9.0.0/16"] });
const others = addressSet({ title: "others", pods: ["10.0.0.2"] });

/** One pod; the program keeps its name, whatever it says. Beyond the sets, `kinds` means everyone. */
function wishWith(
  count: number,
  sets: readonly AddressSet[] = [clients, others],
  kinds = sets.length + 1,
): Ruleset {
  const segments = Array.from({ length: count }, (_, at) => {
    const set = sets[at % kinds];
    return ports(80 + 2 * at, set === undefined ? EVERYONE : from(set));
  });
  const web = program("ingress", "web", { segments });
  return ruleset({
    endpoints: [pod("x/web", ["10.0.0.9"], { ingress: web })],
    programs: [web],
    addressSets: sets,
  });
}

const PEERS = /chain e-(from|to)-/;
const CHANGES = [
  [3, 4],
  [4, 3],
  [3, 1],
  [1, 3],
] as const;

test.each(
  CHANGES.flatMap(([before, after]) => [
    [before, after, "as soon as", 0] as const,
    [before, after, "in the grace, when", 1_000] as const,
  ]),
)("%p ports become %p: peers have chains %s ports are many", async (...[before, after, , grace]) => {
  const options = { graceMilliseconds: grace, clock: () => 0 };
  const { writer, dataplane } = openFake(options);
  dataplane.want(wishWith(before), undefined);
  await settleAndTidy(dataplane);
  expect(PEERS.test(tableText(writer))).toBe(before > 3);
  const wanted = wishWith(after);
  dataplane.want(wanted, touchedBetween(wishWith(before), wanted));
  expect(await settleAndTidy(dataplane)).toMatchObject({ kind: "applied", rebuilt: false });
  expect(PEERS.test(tableText(writer))).toBe(after > 3);
  expect(tableText(writer)).toBe(await builtFresh(wanted, options));
  expectClosed(writer.kernel);
  expectLateRemovals(writer);
});

test("several ports share a chain of peers, one port alone does not", async () => {
  const { writer, dataplane } = openFake();
  const wishes = [2, 1, 3].map((count) => wishWith(count, [clients], 1));
  for (const [at, wish] of wishes.entries()) {
    dataplane.want(wish, at === 0 ? undefined : touchedBetween(wishes[at - 1] ?? wish, wish));
    expect((await settleAndTidy(dataplane)).kind).toBe("applied");
    expect(PEERS.test(tableText(writer))).toBe(at !== 1);
    expect(tableText(writer)).toBe(await builtFresh(wish));
    expectClosed(writer.kernel);
  }
  expectLateRemovals(writer);
});

test("few ports let nobody in whose addresses the kernel refuses, and everybody else", async () => {
  const { writer, dataplane } = openFake();
  const bad = addressSet({ title: "others", pods: ["10.0.0.500"] });
  dataplane.want(wishWith(3, [clients, bad]), undefined);
  expect(await settleAndTidy(dataplane)).toMatchObject({ kind: "degraded", refused: [{ id: bad.id }] });
  expect(tableText(writer)).not.toContain(bad.id);
  expect(tableText(writer)).toMatch(/th dport 80 ip saddr .* accept comment "clients"/);
  expect(tableText(writer)).toMatch(/th dport 84 accept\n/);
  const mended = wishWith(3);
  dataplane.want(mended, touchedBetween(wishWith(3, [clients, bad]), mended));
  expect((await settleAndTidy(dataplane)).kind).toBe("applied");
  expect(tableText(writer)).toBe(await builtFresh(mended));
});
