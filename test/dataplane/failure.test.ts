import { expect, test } from "bun:test";
import type { Address } from "../../model/address.ts";
import type { Program, Ruleset, Touched } from "../../model/ruleset.ts";
import { addressSet, EVERYONE, from, pod, ports, program, ruleset } from "../golden/ruleset-builder.ts";
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

const clients = addressSet({ title: "clients", pods: ["10.0.0.1"] });
const monitors = addressSet({ title: "monitors", pods: ["10.0.0.2"], blocks: ["192.0.2.0/24"] });
const web = program("ingress", "web", { segments: [ports(80, from(clients)), ports(443, from(monitors))] });
const open = program("ingress", "open", { anyPort: EVERYONE });
const shut = program("egress", "shut");

const before = ruleset({
  endpoints: [
    pod("x/web", ["10.0.0.9"], { ingress: web, egress: shut }),
    pod("x/free", ["10.0.0.8"]),
    pod("x/moving", ["10.0.0.4"]),
  ],
  podRanges: ["10.0.0.0/24"],
  programs: [web, shut],
  addressSets: [clients, monitors],
});
/**
 * Something of everything: a set goes, another changes, a program is rewritten, one comes, endpoints come and go, one is
 * found in another way, and other ranges are closed.
 */
const after = ruleset({
  endpoints: [
    pod("x/web", ["10.0.0.7"], { ingress: web }),
    pod("x/new", ["10.0.0.6"], { ingress: open, attachment: { kind: "address" } }),
    pod("x/moving", ["10.0.0.4"], { attachment: { kind: "address" } }),
  ],
  podRanges: ["10.0.0.0/25", "10.0.1.0/24"],
  programs: [
    { ...web, stages: program("ingress", "web", { segments: [ports(80, from(clients))] }).stages },
    open,
  ],
  addressSets: [{ ...clients, addresses: new Set(["10.0.0.3", "fd00::3"] as Address[]) }],
});

async function settledAt(wish: Ruleset): Promise<FakeDataplane> {
  const fake = openFake();
  fake.dataplane.want(wish, undefined);
  await settleAndTidy(fake.dataplane);
  return fake;
}

/** How many batches it takes to get from `before` to `after`. */
async function batchesOfChange(): Promise<number> {
  const { writer, dataplane } = await settledAt(before);
  const sent = writer.batches.length;
  dataplane.want(after, touchedBetween(before, after));
  await settleAndTidy(dataplane);
  return writer.batches.length - sent;
}

async function expectRecovery({ writer, dataplane }: FakeDataplane, wish: Ruleset): Promise<void> {
  expectClosed(writer.kernel);
  dataplane.want(wish, undefined);
  expect((await settleAndTidy(dataplane)).kind).toBeOneOf(["applied", "unchanged"]);
  expect(await settleAndTidy(dataplane)).toEqual({ kind: "unchanged" });
  expect(dataplane.status).toMatchObject({ refused: [], lastError: undefined });
  expect(tableText(writer)).toBe(await builtFresh(wish));
  expectClosed(writer.kernel);
  expectLateRemovals(writer);
}

test.each(["ENOMEM", "EINVAL", "ENOENT", "EBUSY", ""])(
  "any batch may fail with %p: closed, then mended",
  async (code) => {
    const batches = await batchesOfChange();
    expect(batches).toBeGreaterThan(1);
    for (let skip = 0; skip < batches; skip++) {
      for (const index of [-1, 0, 1, 5]) {
        const fake = await settledAt(before);
        fake.writer.failNext([{ index, code, message: "injected" }], skip);
        fake.dataplane.want(after, touchedBetween(before, after));
        const { kind } = await settleAndTidy(fake.dataplane);
        expect(kind).toBeOneOf(["applied", "degraded", "failed"]);
        if (kind === "failed") expect(fake.dataplane.status.lastError).toContain("injected");
        if (kind === "degraded") expect(fake.dataplane.status.refused.length).toBeGreaterThan(0);
        await expectRecovery(fake, after);
      }
    }
  },
);

test.each(["ENOMEM", "EINVAL"])("any batch of the first install may fail with %p", async (code) => {
  // How many there are depends on the machine's pace. The last one only removes, and nothing depends on it.
  for (let skip = 0; ; skip++) {
    const fake = openFake();
    fake.writer.failNext([{ index: 0, code, message: "injected" }], skip);
    fake.dataplane.want(before, undefined);
    const { kind } = await settleAndTidy(fake.dataplane);
    if (kind === "applied") {
      expect(skip).toBeGreaterThan(0);
      expect(skip).toBeGreaterThanOrEqual(fake.writer.batches.length - 1);
      return;
    }
    expect(kind).toBeOneOf(["degraded", "failed"]);
    await expectRecovery(fake, before);
  }
});

test("a failure without a culprit changes nothing, and is tried again", async () => {
  const { writer, dataplane } = await settledAt(before);
  const held = tableText(writer);
  writer.failNext([{ index: -1, code: "ENOBUFS", message: "no room" }]);
  dataplane.want(after, touchedBetween(before, after));
  expect(await settleAndTidy(dataplane)).toMatchObject({
    kind: "failed",
    found: expect.stringContaining("no room"),
  });
  expect(tableText(writer)).toBe(held);
  expect((await settleAndTidy(dataplane)).kind).toBe("applied");
  expect(tableText(writer)).toBe(await builtFresh(after));
});

test("a set that went in a pass that failed, and came again, loses the members that it has no more", async () => {
  const { writer, dataplane } = await settledAt(before);
  const gone = ruleset({ endpoints: [pod("x/web", ["10.0.0.9"])], podRanges: ["10.0.0.0/24"] });
  writer.failNext([{ index: -1, code: "ENOBUFS", message: "no room" }]);
  dataplane.want(gone, touchedBetween(before, gone));
  expect((await settleAndTidy(dataplane)).kind).toBe("failed");
  const addresses = new Set(["10.0.0.77"] as Address[]);
  const again: Ruleset = {
    ...before,
    addressSets: new Map([...before.addressSets].map(([id, set]) => [id, { ...set, addresses }])),
  };
  dataplane.want(again, touchedBetween(gone, again));
  expect((await settleAndTidy(dataplane)).kind).toBe("applied");
  expect(tableText(writer)).toBe(await builtFresh(again));
});

function poisoned(kind: "set" | "program" | "endpoint"): Ruleset {
  const bad: Program = program("ingress", "bad", { segments: [ports(70_000, EVERYONE)] });
  const parts = {
    set: {
      addressSets: [{ ...clients, addresses: new Set(["10.0.0.1", "10.0.0.999"] as Address[]) }, monitors],
    },
    program: {
      programs: [web, shut, bad],
      endpoints: [...before.endpoints.values(), pod("x/bad", ["10.0.0.5"], { ingress: bad })],
    },
    endpoint: { endpoints: [...before.endpoints.values(), pod("x/bad", ["10.0.0.500"], { ingress: web })] },
  };
  return ruleset({
    endpoints: [...before.endpoints.values()],
    programs: [web, shut],
    addressSets: [clients, monitors],
    podRanges: ["10.0.0.0/24"],
    ...parts[kind],
  });
}

const healthy: Record<"set" | "program" | "endpoint", Ruleset> = {
  // A refused set is nobody: rules with it are left out, the others stand.
  set: ruleset({
    endpoints: [...before.endpoints.values()],
    programs: [
      { ...web, stages: program("ingress", "web", { segments: [ports(443, from(monitors))] }).stages },
      shut,
    ],
    addressSets: [monitors],
    podRanges: ["10.0.0.0/24"],
  }),
  program: ruleset({
    endpoints: [
      ...before.endpoints.values(),
      pod("x/bad", ["10.0.0.5"], { ingress: program("ingress", "in no ruleset") }),
    ],
    programs: [web, shut],
    addressSets: [clients, monitors],
    podRanges: ["10.0.0.0/24"],
  }),
  endpoint: before,
};

const cases = (["set", "program", "endpoint"] as const).flatMap((kind) => [
  [kind, "at the first install"] as const,
  [kind, "later"] as const,
]);

test.each(cases)("a poison %s %s is closed and named, and hurts nobody else", async (kind, when) => {
  const wish = poisoned(kind);
  const fake = when === "later" ? await settledAt(before) : openFake();
  const touched: Touched | undefined = when === "later" ? touchedBetween(before, wish) : undefined;
  fake.dataplane.want(wish, touched);
  const settled = await settleAndTidy(fake.dataplane);
  expect(settled).toMatchObject({
    kind: "degraded",
    refused: [{ because: expect.stringContaining("EINVAL") }],
  });
  expect(fake.dataplane.status.refused).toHaveLength(1);
  expect(tableText(fake.writer)).toBe(await builtFresh(healthy[kind]));
  expectClosed(fake.writer.kernel);
  fake.dataplane.want(before, touchedBetween(wish, before));
  expect((await settleAndTidy(fake.dataplane)).kind).toBeOneOf(["applied", "unchanged"]);
  await expectRecovery(fake, before);
});

test("what the kernel no longer holds makes everything new", async () => {
  const fake = await settledAt(before);
  const table = fake.writer.kernel.tables.get("tortie");
  for (const [name, { elements }] of table?.sets ?? []) if (name.includes("endpoints4")) elements.clear();
  fake.dataplane.want(after, touchedBetween(before, after));
  expect(await settleAndTidy(fake.dataplane)).toMatchObject({ kind: "applied", rebuilt: true });
  expect(fake.dataplane.status.epoch).toBe(2);
  await expectRecovery(fake, after);
});
