import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { type Address, formatAddress } from "../model/address.ts";
import { type Cidr, cidrContains, parseCidr, rangeContains } from "../model/cidr.ts";
import type { IpPool } from "../model/ip-pool.ts";
import { testSeed } from "../test/worlds/seed.ts";
import { isMasqueraded, masqueradeOf } from "./masquerade.ts";

function pools(...some: readonly (readonly [string, boolean])[]): IpPool[] {
  return some.map(([cidr, natOutgoing]) => ({ cidr: cidr as Cidr, natOutgoing }));
}

test("no pool, or none that asks for it: nobody", () => {
  expect(masqueradeOf([])).toEqual({ from: [], except: [] });
  expect(masqueradeOf(pools(["10.0.0.0/16", false]))).toEqual({ from: [], except: [] });
});

test.each([
  ["to outside", "10.244.1.2", "192.0.2.1", true],
  ["to a pod of the same pool", "10.244.1.2", "10.244.9.9", false],
  ["to a pod of a pool that does not ask for it", "10.244.1.2", "10.99.0.1", false],
  ["from a pool that does not ask for it", "10.99.0.1", "192.0.2.1", false],
  ["from outside", "192.0.2.1", "10.244.1.2", false],
  ["over IPv6", "fd00::1", "2001:db8::1", true],
  ["over IPv6 to a pod", "fd00::1", "fd00:0:0:ffff::1", false],
] as const)("%s", (_, source, destination, expected) => {
  const masquerade = masqueradeOf(
    pools(["10.244.0.0/16", true], ["10.99.0.0/16", false], ["fd00::/48", true]),
  );
  expect(isMasqueraded(masquerade, { source: source as Address, destination: destination as Address })).toBe(
    expected,
  );
});

test("a pool inside another is masqueraded where either asks for it", () => {
  const inner = masqueradeOf(pools(["10.0.0.0/8", false], ["10.244.0.0/16", true]));
  expect(isMasqueraded(inner, { source: "10.244.0.1" as Address, destination: "192.0.2.1" as Address })).toBe(
    true,
  );
  expect(isMasqueraded(inner, { source: "10.1.0.1" as Address, destination: "192.0.2.1" as Address })).toBe(
    false,
  );
  expect(isMasqueraded(inner, { source: "10.244.0.1" as Address, destination: "10.1.0.1" as Address })).toBe(
    false,
  );
});

// Small numbers, so that pools meet: overlap, lie in each other, touch, and reach both ends of all addresses.
const address = fc
  .tuple(fc.constantFrom(4 as const, 6 as const), fc.nat(31), fc.boolean())
  .map(([family, low, high]) => {
    const most = (1n << (family === 4 ? 32n : 128n)) - 1n;
    return formatAddress({ family, value: high ? most - BigInt(low) : BigInt(low) });
  });
const pool: fc.Arbitrary<IpPool> = fc.record({
  cidr: fc.tuple(address, fc.nat(6)).map(([base, short]) => {
    const length = (base.includes(":") ? 128 : 32) - short;
    return parseCidr(`${base}/${length}`) ?? ("0.0.0.0/0" as Cidr);
  }),
  natOutgoing: fc.boolean(),
});

test("each packet is masqueraded as its pools say", () => {
  fc.assert(
    fc.property(fc.array(pool, { maxLength: 6 }), address, address, (all, source, destination) => {
      const expected =
        all.some(({ cidr, natOutgoing }) => natOutgoing && cidrContains(cidr, source)) &&
        !all.some(({ cidr }) => cidrContains(cidr, destination));
      const masquerade = masqueradeOf(all);
      expect(isMasqueraded(masquerade, { source, destination })).toBe(expected);
      expect(masqueradeOf(all.toReversed())).toEqual(masquerade);
      // What leads from a pool into itself would lose the pod's address.
      for (const { first, last, family } of masquerade.from) {
        for (const value of [first, last])
          expect(masquerade.except.some((range) => rangeContains(range, { family, value }))).toBe(true);
      }
    }),
    { numRuns: 2_000, seed: testSeed() },
  );
});
