import { expect, test } from "bun:test";
import type { HostCondition } from "./condition.ts";
import type { HostFacts } from "./host-facts.ts";
import { inspectHost } from "./inspect-host.ts";

const NEVER = 3_600_000;
const CALM: HostFacts = {
  kubeIpvs0: false,
  traces: [],
  bridgeCalls: { ipv4: "on", ipv6: "on" },
  ipv6: true,
  bridges: [],
  outwardPorts: [],
};

test("it tells at once, and then what is other than before", () => {
  let facts = CALM;
  const told: (readonly HostCondition[])[] = [];
  using inspection = inspectHost({
    bridges: () => [],
    unknownEndpoint: "drop",
    told: (conditions) => told.push(conditions),
    read: () => facts,
    everyMilliseconds: NEVER,
  });
  expect(told).toEqual([[]]);
  inspection.again();
  expect(told).toHaveLength(1);
  facts = { ...CALM, kubeIpvs0: true };
  inspection.again();
  inspection.again();
  expect(told).toHaveLength(2);
  expect(told[1]).toHaveLength(1);
  facts = CALM;
  inspection.again();
  expect(told[2]).toEqual([]);
});

test("it looks again by itself until it is closed", async () => {
  let looks = 0;
  const { promise: looked, resolve } = Promise.withResolvers<void>();
  const inspection = inspectHost({
    bridges: () => [],
    unknownEndpoint: "drop",
    told: () => {},
    read: () => {
      if (++looks === 3) resolve();
      return CALM;
    },
    everyMilliseconds: 1,
  });
  await looked;
  inspection[Symbol.dispose]();
  const before = looks;
  await Bun.sleep(5);
  expect(looks).toBe(before);
});

test("what cannot be looked at is a notice", () => {
  const told: (readonly HostCondition[])[] = [];
  using _inspection = inspectHost({
    bridges: () => [],
    unknownEndpoint: "drop",
    told: (conditions) => told.push(conditions),
    read: () => {
      throw new Error("could not look for calico in nftables: operation not permitted (EPERM)");
    },
  });
  expect(told).toEqual([
    [
      {
        kind: "notice",
        text:
          "this host cannot be looked at for other policy enforcers: could not look for calico in nftables: operation " +
          "not permitted (EPERM)",
      },
    ],
  ]);
});
