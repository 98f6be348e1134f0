import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { Address4, Address6 } from "ip-address";
import type { AddressValue } from "./address.ts";
import { formatAddress } from "./address.ts";
import {
  type AddressRange,
  cidrContains,
  cidrFamily,
  cidrRange,
  mergeRanges,
  parseCidr,
  rangeContains,
  subtractRanges,
} from "./cidr.ts";

const options = { seed: Number(process.env["TORTIE_SEED"] ?? Date.now()), numRuns: 1000 };

const ipv4 = fc.record({ family: fc.constant(4 as const), value: fc.bigInt(0n, 2n ** 32n - 1n) });
const ipv6 = fc
  .record({ family: fc.constant(6 as const), value: fc.bigInt(0n, 2n ** 128n - 1n) })
  .filter(({ value }) => value >> 32n !== 0xffffn);
const block = fc
  .tuple(fc.oneof(ipv4, ipv6), fc.nat(128))
  .map(([base, length]) => ({ base, length: Math.min(length, base.family === 4 ? 32 : 128) }));

/** Ranges among so few addresses that they overlap, touch and meet the ends of the address space. */
const range = fc
  .tuple(fc.constantFrom(4 as const, 6 as const), fc.nat(15), fc.nat(15), fc.boolean())
  .map(([family, a, b, atEnd]): AddressRange => {
    const start = atEnd ? 2n ** (family === 4 ? 32n : 128n) - 16n : 0n;
    return { family, first: start + BigInt(Math.min(a, b)), last: start + BigInt(Math.max(a, b)) };
  });
const everyAddress: readonly AddressValue[] = ([4, 6] as const).flatMap((family) => {
  const ends = [0n, 2n ** (family === 4 ? 32n : 128n) - 16n];
  return ends.flatMap((start) =>
    Array.from({ length: 16 }, (_, at) => ({ family, value: start + BigInt(at) })),
  );
});
const inAny = (ranges: readonly AddressRange[], address: AddressValue): boolean =>
  ranges.some((one) => rangeContains(one, address));

function expectDisjoint(ranges: readonly AddressRange[]): void {
  for (const [at, next] of ranges.entries()) {
    const before = ranges[at - 1];
    expect(next.first <= next.last).toBe(true);
    if (before === undefined) continue;
    const apart =
      before.family < next.family || (before.family === next.family && before.last + 1n < next.first);
    expect(apart).toBe(true);
  }
}

test("a block begins and ends where ip-address says, whatever its host bits", () => {
  fc.assert(
    fc.property(block, ({ base, length }) => {
      const text = `${formatAddress(base)}/${length}`;
      const theirs = base.family === 4 ? new Address4(text) : new Address6(text);
      const cidr = parseCidr(text);
      if (cidr === undefined) throw new Error(`${text} was refused`);
      expect<string>(cidr).toBe(`${theirs.startAddress().correctForm()}/${length}`);
      expect(cidrRange(cidr)).toEqual({
        family: base.family,
        first: theirs.startAddress().bigInt(),
        last: theirs.endAddress().bigInt(),
      });
      expect(parseCidr(cidr)).toBe(cidr);
      expect(cidrFamily(cidr)).toBe(base.family);
    }),
    options,
  );
});

test("a block contains what ip-address finds in its subnet", () => {
  fc.assert(
    fc.property(block, fc.oneof(ipv4, ipv6), fc.nat(16), ({ base, length }, other, nearby) => {
      const cidr = parseCidr(`${formatAddress(base)}/${length}`);
      if (cidr === undefined) throw new Error("refused");
      const near = { family: base.family, value: base.value ^ (1n << BigInt(nearby)) };
      for (const address of [base, near, other]) {
        const text = formatAddress(address);
        const theirs =
          address.family === base.family &&
          (base.family === 4
            ? new Address4(text).isInSubnet(new Address4(cidr))
            : new Address6(text).isInSubnet(new Address6(cidr)));
        expect(cidrContains(cidr, text)).toBe(theirs);
      }
    }),
    options,
  );
});

test("merged ranges hold the same addresses, apart from each other and in order", () => {
  fc.assert(
    fc.property(fc.array(range, { maxLength: 8 }), (ranges) => {
      const merged = mergeRanges(ranges);
      expectDisjoint(merged);
      for (const address of everyAddress) expect(inAny(merged, address)).toBe(inAny(ranges, address));
      expect(mergeRanges(ranges.toReversed())).toEqual(merged);
    }),
    options,
  );
});

test("subtracted ranges hold what is in the ones and not in the others", () => {
  fc.assert(
    fc.property(fc.array(range, { maxLength: 6 }), fc.array(range, { maxLength: 6 }), (ranges, holes) => {
      const rest = subtractRanges(ranges, holes);
      expectDisjoint(rest);
      for (const address of everyAddress) {
        expect(inAny(rest, address)).toBe(inAny(ranges, address) && !inAny(holes, address));
      }
    }),
    options,
  );
});

test.each([
  ["10.161.0.0/8", "10.0.0.0/8"],
  ["::ffff:10.1.2.3/104", "10.0.0.0/8"],
  ["0.0.0.0/0", "0.0.0.0/0"],
  ["FD00:0::1/16", "fd00::/16"],
  ["::1/0", "::/0"],
])("%s is %s", (text, canonical) => {
  expect<string | undefined>(parseCidr(text)).toBe(canonical);
});

test.each([
  "10.0.0.0",
  "10.0.0.0/",
  "10.0.0.0/33",
  "10.0.0.0/08",
  "10.0.0.0/-1",
  "10.0.0/8",
  "::/129",
  "::ffff:10.0.0.0/95",
  "010.0.0.0/8",
  "10.0.0.0/8/8",
])("%s is no block", (text) => {
  expect(parseCidr(text)).toBeUndefined();
});
