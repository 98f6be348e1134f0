import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Address } from "../model/address.ts";
import type { Endpoint } from "../model/endpoint.ts";
import { createAddressOwners } from "./address-owners.ts";
import { pod } from "./test-objects.ts";

const SHARED = "10.0.0.1" as Address;

function winner(...claims: Endpoint[]): string | undefined {
  const owners = createAddressOwners();
  for (const claim of claims) owners.change(undefined, claim);
  return owners.owner(SHARED);
}

const contests: readonly [string, Partial<Endpoint>, Partial<Endpoint>][] = [
  ["not deleting beats deleting", { startedAt: 1 }, { deleting: true, startedAt: 9 }],
  ["then the later start", { startedAt: 2, uidOrder: 1 }, { startedAt: 1, uidOrder: 2 }],
  ["then the greater uid", { uidOrder: 2 }, { uidOrder: 1 }],
];

test.each(contests)("%s, in any order", (_, better, worse) => {
  const [good, bad] = [pod("x/a", SHARED, better), pod("x/b", SHARED, worse)];
  expect([winner(good, bad), winner(bad, good)]).toEqual([good.id, good.id]);
});

test("at last the greater id; finished endpoints own nothing", () => {
  const same = { uidOrder: 7 };
  const [a, b] = [pod("x/a", SHARED, same), pod("x/b", SHARED, same)];
  expect([winner(a, b), winner(b, a)]).toEqual([b.id, b.id]);
  expect(winner(a, { ...b, finished: true })).toBe(a.id);
  expect(winner({ ...b, finished: true })).toBeUndefined();
});

test("a change names everybody whose addresses are others than before", () => {
  const owners = createAddressOwners();
  const a = pod("x/a", `${SHARED} fd00::1`);
  const b = pod("x/b", SHARED, { startedAt: 2 });
  const both = a.addresses;
  const six = both.slice(1);
  expect(owners.change(undefined, a)).toEqual(new Map([[a.id, { before: [], after: both }]]));
  expect(owners.change(undefined, b)).toEqual(
    new Map([
      [a.id, { before: both, after: six }],
      [b.id, { before: [], after: [SHARED] }],
    ]),
  );
  expect(owners.change(a, { ...a, labels: { app: "z" } })).toEqual(new Map());
  expect(owners.change(b, undefined)).toEqual(
    new Map([
      [a.id, { before: six, after: both }],
      [b.id, { before: [SHARED], after: [] }],
    ]),
  );
});

test("whoever claims in whatever order, every address has the one owner that it has from scratch", () => {
  const claim = fc.record({
    name: fc.constantFrom("x/a", "x/b", "y/a"),
    addresses: fc.uniqueArray(fc.constantFrom("10.0.0.1", "10.0.0.2", "10.0.0.3"), { maxLength: 3 }),
    deleting: fc.boolean(),
    finished: fc.boolean(),
    startedAt: fc.nat({ max: 2 }),
  });
  fc.assert(
    fc.property(fc.array(claim, { maxLength: 12 }), (claims) => {
      const owners = createAddressOwners();
      const present = new Map<string, Endpoint>();
      for (const { name, addresses, ...changes } of claims) {
        const next = pod(name, addresses.join(" "), changes);
        owners.change(present.get(name), next);
        present.set(name, next);
      }
      const fresh = createAddressOwners();
      for (const one of present.values()) fresh.change(undefined, one);
      for (const one of present.values()) expect(owners.owned(one)).toEqual(fresh.owned(one));
      const owned = [...present.values()].flatMap((one) => owners.owned(one));
      expect(new Set(owned).size).toBe(owned.length);
    }),
  );
});
