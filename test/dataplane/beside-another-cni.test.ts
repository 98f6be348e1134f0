import { expect, test } from "bun:test";
import { namesOfEpoch, TABLE } from "../../dataplane/nft/names.ts";
import type { Attachment } from "../../model/endpoint.ts";
import type { Ruleset } from "../../model/ruleset.ts";
import {
  BY_ADDRESS,
  onInterface,
  pod,
  program,
  type RulesetParts,
  ruleset,
  throughBridge,
} from "../golden/ruleset-builder.ts";
import {
  builtFresh,
  expectClosed,
  expectLateRemovals,
  type FakeDataplane,
  openFake,
  tableText,
  settleAndTidy,
} from "./fake-dataplane.ts";
import { touchedBetween } from "./random-wishes.ts";

const shut = program("egress", "shut");
const WIRED = onInterface("vethc0ffee");
const OPTIONS = { foreignInterfaces: true } as const;

function wishOf(parts: RulesetParts): Ruleset {
  return ruleset({ programs: [shut], podRanges: ["10.0.0.0/24"], ...parts });
}

/** Settles at the first wish, then at the second; gives what was sent for the second. */
async function change(
  { writer, dataplane }: FakeDataplane,
  [before, after]: readonly [Ruleset, Ruleset],
): Promise<string[]> {
  dataplane.want(before, undefined);
  await settleAndTidy(dataplane);
  const sent = writer.batches.length;
  dataplane.want(after, touchedBetween(before, after));
  expect(await settleAndTidy(dataplane)).toMatchObject({ kind: "applied", rebuilt: false });
  expect(tableText(writer)).toBe(await builtFresh(after, OPTIONS));
  expectClosed(writer.kernel);
  expectLateRemovals(writer);
  return writer.batches.slice(sent).map((batch) => JSON.stringify(batch));
}

test("a pod that comes to a bridge is elements, and nothing else", async () => {
  const first = pod("x/first", ["10.0.0.1"], { egress: shut, attachment: BY_ADDRESS });
  const second = pod("x/second", ["10.0.0.2"], { egress: shut, attachment: BY_ADDRESS });
  const sent = await change(openFake(OPTIONS), [
    wishOf({ endpoints: [first] }),
    wishOf({ endpoints: [first, second] }),
  ]);
  expect(sent).toHaveLength(1);
  expect(sent[0]?.match(/"add":/g)).toHaveLength(4);
  expect(sent[0]).not.toMatch(/flush|delete|"rule"/);
});

test.each([
  ["its address to its interface", BY_ADDRESS, WIRED, "addresses4"],
  ["its interface to its address", WIRED, BY_ADDRESS, "foreign-interfaces"],
  ["its bridge to its interface", throughBridge("cni0"), WIRED, "addresses4"],
  ["its interface to its bridge", WIRED, throughBridge("cni0"), "foreign-interfaces"],
] as const)("a pod that is found by %s is found by both meanwhile", async (_, from, to, entrance) => {
  let lingered = 0;
  const fake = openFake({ ...OPTIONS, linger: async () => void lingered++ });
  const rules = { egress: shut };
  const stays = [BY_ADDRESS, throughBridge("cni0")].map((attachment, index) =>
    pod(`x/stays-${index}`, [`10.0.0.${index + 8}`], { attachment }),
  );
  const wishes = [from, to].map((attachment) =>
    wishOf({ endpoints: [...stays, pod("x/moves", ["10.0.0.1"], { ...rules, attachment })] }),
  );
  const [before, after] = wishes;
  if (before === undefined || after === undefined) throw new Error("two wishes");
  lingered = 0;
  const [comes, entranceGoes, restGoes, ...more] = await change(fake, [before, after]);
  expect(more).toEqual([]);
  expect(comes).not.toContain("delete");
  expect(entranceGoes).not.toContain(`"add"`);
  expect(entranceGoes?.match(/"elem"/g)).toHaveLength(1);
  expect(entranceGoes).toContain(`e1-${entrance}`);
  expect(restGoes).not.toContain(`"add"`);
  expect(restGoes).toContain("e1-egress-");
  // Once after the first install, and before each of the two.
  expect(lingered).toBe(3);
});

test.each([
  ["becomes known", BY_ADDRESS, throughBridge("cni0"), "anywhere4"],
  ["is lost", throughBridge("cni0"), BY_ADDRESS, "sources4"],
  ["is another", throughBridge("cni0"), throughBridge("cni1"), "sources4"],
] as const)("a pod whose bridge %s may come both ways meanwhile", async (_, from, to, old) => {
  const stays = ["cni0", "cni1"].map((bridge, index) =>
    pod(`x/stays-${bridge}`, [`10.0.0.${index + 8}`], { attachment: throughBridge(bridge) }),
  );
  const wish = (attachment: Attachment) =>
    wishOf({ endpoints: [...stays, pod("x/moves", ["10.0.0.1"], { egress: shut, attachment })] });
  const [comes, goes, ...more] = await change(openFake(OPTIONS), [wish(from), wish(to)]);
  expect(more).toEqual([]);
  expect(comes).not.toMatch(/delete|flush|"rule"/);
  expect(comes?.match(/"elem"/g)).toHaveLength(1);
  expect(goes).not.toContain(`"add"`);
  expect(goes?.match(/"elem"/g)).toHaveLength(1);
  expect(goes).toContain(`e1-${old}`);
});

test("an address that passes from a pod on the bridge to one with an interface of its own", async () => {
  const sent = await change(openFake(OPTIONS), [
    wishOf({ endpoints: [pod("x/old", ["10.0.0.1"], { attachment: BY_ADDRESS })] }),
    wishOf({ endpoints: [pod("x/new", ["10.0.0.1"], { egress: shut, attachment: WIRED })] }),
  ]);
  expect(sent.some((batch) => batch.includes("delete") && batch.includes(`"add"`))).toBe(true);
});

test("other closed ranges are other sets: made first, then taken into use, and only then are the old deleted", async () => {
  const endpoints = [pod("x/web", ["10.0.0.1"], { attachment: WIRED })];
  const [made, used, deleted, ...more] = await change(openFake(OPTIONS), [
    wishOf({ endpoints }),
    wishOf({ endpoints, podRanges: ["10.0.0.0/23"] }),
  ]);
  expect(more).toEqual([]);
  expect(made).not.toMatch(/flush|delete/);
  expect(made).toContain(`"addr":"10.0.0.0","len":23`);
  expect(used).not.toMatch(/"set"|"element"/);
  expect(deleted).toMatch(/^\{"nftables":\[\{"delete":\{"set":[^\]]*\]\}$/);
});

test("the same ranges again, and ranges that are left open, send nothing", async () => {
  const { writer, dataplane } = openFake({ ...OPTIONS, unknownEndpoint: "accept" });
  dataplane.want(wishOf({}), undefined);
  await settleAndTidy(dataplane);
  expect(writer.dump(TABLE)).not.toMatch(/closed|unowned/);
  dataplane.want(wishOf({ podRanges: ["10.9.0.0/16"] }), touchedBetween(wishOf({}), wishOf({})));
  expect(await settleAndTidy(dataplane)).toEqual({ kind: "unchanged" });
});

test("where foreign interfaces are not asked for, their pods are policed by address", async () => {
  const wish = (attachment: typeof WIRED) =>
    wishOf({ endpoints: [pod("x/web", ["10.0.0.1"], { egress: shut, attachment })] });
  expect(await builtFresh(wish(WIRED))).toBe(await builtFresh(wish(BY_ADDRESS)));
  expect(await builtFresh(wish(WIRED), OPTIONS)).not.toBe(await builtFresh(wish(BY_ADDRESS), OPTIONS));
});

test("a pod that the kernel refuses keeps its foreign interface closed", async () => {
  const bad = pod("x/bad", ["10.0.0.500"], { attachment: WIRED });
  const { writer, dataplane } = openFake(OPTIONS);
  dataplane.want(wishOf({ endpoints: [bad, pod("x/good", ["10.0.0.2"])] }), undefined);
  expect(await settleAndTidy(dataplane)).toMatchObject({ kind: "degraded", refused: [{ id: "x/bad" }] });
  const names = namesOfEpoch(dataplane.status.epoch ?? 0);
  const keysOf = (set: string) => [
    ...(writer.kernel.tables.get(TABLE)?.sets.get(set)?.elements.keys() ?? []),
  ];
  expect(keysOf(names.foreign)).toEqual([`"vethc0ffee"`]);
  expect(keysOf(names.dispatch("egress", "interfaces", false))).toEqual([expect.stringContaining("cali")]);
});

test("an interface name that no interface can have hurts nobody else", async () => {
  const bad = pod("x/bad", ["10.0.0.1"], { attachment: onInterface("a-name-of-more-than-15-bytes") });
  const { dataplane } = openFake(OPTIONS);
  dataplane.want(wishOf({ endpoints: [bad, pod("x/good", ["10.0.0.2"])] }), undefined);
  expect(await settleAndTidy(dataplane)).toMatchObject({ kind: "degraded", refused: [{ id: "x/bad" }] });
});
