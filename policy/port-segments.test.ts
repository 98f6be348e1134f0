import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { cutPorts, type PortClaim } from "./port-segments.ts";

function claim(claimant: string, first: number, last: number, protocol = 6): PortClaim<string> {
  return { protocol, first, last, claimant };
}

function shown(claims: readonly PortClaim<string>[]): string[] {
  return Array.from(
    cutPorts(claims),
    ({ protocol, first, last, claimants }) =>
      `${protocol} ${first}-${last} ${[...claimants].toSorted().join("")}`,
  );
}

test("overlapping runs are cut where one begins or ends", () => {
  expect(
    shown([claim("a", 0, 65535), claim("b", 80, 90), claim("c", 90, 100), claim("d", 53, 53, 17)]),
  ).toEqual(["6 0-79 a", "6 80-89 ab", "6 90-90 abc", "6 91-100 ac", "6 101-65535 a", "17 53-53 d"]);
});

test("ports between runs belong to nobody, and neither does a run that ends before it begins", () => {
  expect(shown([claim("a", 1, 2), claim("b", 4, 5), claim("c", 9, 8)])).toEqual(["6 1-2 a", "6 4-5 b"]);
});

test("every port has the claimants that ask for it, in one segment at most", () => {
  const some = fc.record({
    protocol: fc.constantFrom(6, 17),
    first: fc.nat({ max: 12 }),
    last: fc.nat({ max: 12 }),
    claimant: fc.nat({ max: 5 }),
  });
  fc.assert(
    fc.property(fc.array(some, { maxLength: 8 }), (claims) => {
      const segments = [...cutPorts(claims)];
      for (const protocol of [6, 17]) {
        for (let port = 0; port < 15; port++) {
          const covers = (run: { protocol: number; first: number; last: number }) =>
            run.protocol === protocol && run.first <= port && port <= run.last;
          const asked = new Set(claims.filter(covers).map(({ claimant }) => claimant));
          const there = segments.filter(covers);
          expect(there.length).toBe(asked.size === 0 ? 0 : 1);
          expect(there[0]?.claimants ?? new Set()).toEqual(asked);
        }
      }
    }),
  );
});
