import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { createFakeKernel } from "../../dataplane/nft/fake-kernel.ts";
import { TABLE } from "../../dataplane/nft/names.ts";
import type { Ruleset } from "../../model/ruleset.ts";
import { addressSet, from, pod, ports, program, ruleset } from "../golden/ruleset-builder.ts";
import { testSeed } from "../worlds/seed.ts";
import {
  builtFresh,
  expectClosed,
  expectLateRemovals,
  type FakeDataplane,
  openFake,
  settleAndTidy,
  tableText,
} from "./fake-dataplane.ts";
import { edited, edits, EMPTY_UNIVERSE, rulesetOf, touchedBetween } from "./random-wishes.ts";

const FOR_EVER = new Promise<void>(() => {});

/** One pod, and a policy of its own with these clients; undefined: no policy. */
function wishWith(...clients: (readonly string[] | undefined)[]): Ruleset {
  const policies = clients.map((pods, at) => {
    const set = addressSet({ title: `clients ${at}`, pods: pods ?? [] });
    const judge = program("ingress", `judge ${at}`, {
      segments: [80, 81, 82, 83].map((port) => ports(port, from(set))),
    });
    return { set, judge, wanted: pods !== undefined };
  });
  const wanted = policies.filter((one) => one.wanted);
  return ruleset({
    endpoints: policies.map(({ judge, wanted: isolated }, at) =>
      pod(`x/web-${at}`, [`10.0.1.${at}`], isolated ? { ingress: judge } : {}),
    ),
    programs: wanted.map(({ judge }) => judge),
    addressSets: wanted.map(({ set }) => set),
  });
}

async function turn({ dataplane }: FakeDataplane, before: Ruleset, after: Ruleset): Promise<void> {
  dataplane.want(after, touchedBetween(before, after));
  expect(await dataplane.settle()).toMatchObject({ kind: "applied", rebuilt: false });
}

test("settles wait for no removal, however long what they remove may linger", async () => {
  const fake = openFake({ linger: () => FOR_EVER });
  fake.dataplane.want(wishWith(["10.0.0.1"], ["10.0.0.2"]), undefined);
  expect((await fake.dataplane.settle()).kind).toBe("applied");
  await turn(fake, wishWith(["10.0.0.1"], ["10.0.0.2"]), wishWith(undefined, ["10.0.0.2"]));
  await turn(fake, wishWith(undefined, ["10.0.0.2"]), wishWith(undefined, undefined));
  expect(fake.writer.dump(TABLE)).toContain("judge");
  await fake.dataplane[Symbol.asyncDispose]();
});

test("a name that is wanted again is deleted first, and never before its time", async () => {
  const lingering: PromiseWithResolvers<void>[] = [];
  const fake = openFake({
    linger: () => {
      const one = Promise.withResolvers<void>();
      lingering.push(one);
      return one.promise;
    },
  });
  const { writer, dataplane } = fake;
  const [both, second, neither] = [
    wishWith(["10.0.0.1"], ["10.0.0.2"]),
    wishWith(undefined, ["10.0.0.2"]),
    wishWith(undefined, undefined),
  ];
  dataplane.want(both, undefined);
  await dataplane.settle();
  await turn(fake, both, second);
  await turn(fake, second, neither);
  const again = wishWith(["10.0.0.9"], undefined);
  const sent = writer.batches.length;
  dataplane.want(again, touchedBetween(neither, again));
  const settling = dataplane.settle();
  for (const one of lingering.slice(0, -1)) {
    await Bun.sleep(1);
    expect(JSON.stringify(writer.batches.slice(sent))).not.toContain("10.0.0.9");
    one.resolve();
  }
  expect(await settling).toMatchObject({ kind: "applied", rebuilt: false });
  // The second policy is not in the way: it still lies in its grave.
  expect(writer.dump(TABLE)).toContain("judge 1");
  lingering.at(-1)?.resolve();
  await dataplane.tidied();
  expect(tableText(writer)).toBe(await builtFresh(again));
  expectLateRemovals(writer);
});

test("a change goes before what is left to delete", async () => {
  const clients = Array.from({ length: 60 }, (_, at): readonly string[] => [`10.0.0.${at}`]);
  const fake = openFake();
  const { writer, dataplane } = fake;
  const [full, empty] = [wishWith(...clients), wishWith(...clients.map(() => undefined))];
  dataplane.want(full, undefined);
  await settleAndTidy(dataplane);
  await turn(fake, full, empty);
  const sent = writer.batches.length;
  await turn(fake, empty, wishWith(...clients.map(() => undefined), undefined));
  const removals = writer.batches.slice(sent, -1);
  expect(removals.length).toBeLessThanOrEqual(1);
  for (const { nftables } of removals) expect(nftables.length).toBeLessThan(60);
  await dataplane.tidied();
  expect(tableText(writer)).not.toContain("judge");
});

test("what a killed agent had no time to delete, the next one deletes", async () => {
  const kernel = createFakeKernel();
  const first = openFake({ linger: () => FOR_EVER }, { kernel });
  const [before, after] = [wishWith(["10.0.0.1"], ["10.0.0.2"]), wishWith(["10.0.0.1"], undefined)];
  first.dataplane.want(before, undefined);
  await first.dataplane.settle();
  await turn(first, before, after);
  first.writer[Symbol.dispose]();
  const second = openFake({}, { kernel });
  second.dataplane.want(after, undefined);
  expect(await settleAndTidy(second.dataplane)).toMatchObject({ kind: "applied", rebuilt: true });
  expect(tableText(second.writer)).toBe(await builtFresh(after));
  expect(second.dataplane.status).toMatchObject({ epoch: 2, lastError: undefined });
});

test("a dataplane that is closed deletes nothing any more", async () => {
  const ripe = Promise.withResolvers<void>();
  const fake = openFake({ linger: () => ripe.promise });
  const [before, after] = [wishWith(["10.0.0.1"]), wishWith(undefined)];
  fake.dataplane.want(before, undefined);
  await fake.dataplane.settle();
  await turn(fake, before, after);
  const sent = fake.writer.batches.length;
  await fake.dataplane[Symbol.asyncDispose]();
  ripe.resolve();
  await fake.dataplane.tidied();
  expect(fake.writer.batches.length).toBe(sent);
});

test("a removal that fails makes everything new at the next settle", async () => {
  const fake = openFake();
  const { writer, dataplane } = fake;
  const [before, after] = [wishWith(["10.0.0.1"]), wishWith(undefined)];
  dataplane.want(before, undefined);
  await settleAndTidy(dataplane);
  await turn(fake, before, after);
  writer.failNext([{ index: 0, code: "EBUSY", message: "injected" }]);
  await dataplane.tidied();
  expect(dataplane.status.lastError).toContain("old objects stay behind");
  dataplane.want(before, touchedBetween(after, before));
  expect(await settleAndTidy(dataplane)).toMatchObject({ kind: "applied", rebuilt: true });
  expect(dataplane.status.lastError).toBeUndefined();
  expect(tableText(writer)).toBe(await builtFresh(before));
});

const step = fc.record({
  edits: fc.array(edits, { maxLength: 4 }),
  /** How many of those that wait may go on. */
  ripen: fc.nat(3),
  wait: fc.boolean(),
  failure: fc.option(
    fc.record({ skip: fc.nat(4), code: fc.constantFrom("ENOMEM", "EBUSY", "ENOENT", "EINVAL", "") }),
    {
      nil: undefined,
      freq: 3,
    },
  ),
});

test.each([
  ["", {}],
  [" beside another CNI", { foreignInterfaces: true }],
] as const)(
  "any past with failures and things left to delete ends as if there were none%s",
  async (_, options) => {
    const past = fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      const lingering: (() => void)[] = [];
      let patient = true;
      const linger = () =>
        patient ? new Promise<void>((resolve) => void lingering.push(resolve)) : Promise.resolve();
      const { writer, dataplane } = openFake({ ...options, linger });
      const apply = writer.apply.bind(writer);
      let failure: { readonly skip: number; readonly code: string } | undefined;
      writer.apply = (batch) => {
        if (failure === undefined || failure.skip > 0) {
          failure = failure && { ...failure, skip: failure.skip - 1 };
          return apply(batch);
        }
        const { code } = failure;
        failure = undefined;
        return { ok: false, failures: [{ index: 0, code, message: "injected" }] };
      };
      let universe = EMPTY_UNIVERSE;
      let before = rulesetOf(universe);
      dataplane.want(before, undefined);
      await dataplane.settle();
      for (const { edits: group, ripen, wait, failure: next } of steps) {
        universe = group.reduce(edited, universe);
        const after = rulesetOf(universe);
        dataplane.want(after, touchedBetween(before, after));
        before = after;
        failure = next;
        const settling = dataplane.settle();
        for (const resolve of lingering.splice(0, ripen)) resolve();
        // A settle may itself wait for what is in its way: then everything may go on.
        const waiting = setInterval(() => lingering.shift()?.(), 0);
        if (wait) await settling;
        clearInterval(waiting);
        expectClosed(writer.kernel);
      }
      patient = false;
      for (const resolve of lingering.splice(0)) resolve();
      await dataplane.settle();
      await dataplane.tidied();
      failure = undefined;
      dataplane.resync();
      await settleAndTidy(dataplane);
      expect(await dataplane.settle()).toEqual({ kind: "unchanged" });
      expect(dataplane.status).toMatchObject({ refused: [], lastError: undefined });
      expect(tableText(writer)).toBe(await builtFresh(before, options));
      expect(writer.tableNames(TABLE)?.chains).toHaveLength(dataplane.status.chains);
      expect(writer.tableNames(TABLE)?.sets).toHaveLength(dataplane.status.sets);
      expectClosed(writer.kernel);
      expectLateRemovals(writer);
    });
    await fc.assert(past, { seed: testSeed(), numRuns: 60 });
  },
);
