import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Address } from "../../model/address.ts";
import { type EndpointId, endpointId } from "../../model/endpoint.ts";
import type { InterfaceName } from "../../model/fingerprint.ts";
import { testSeed } from "../../test/worlds/seed.ts";
import { createRouteWish, type LocalEndpoint, type RouteWish, type WishedRoute } from "./route-wish.ts";

const ADDRESSES = ["10.1.0.1", "10.1.0.2", "10.1.0.3", "fd00::1"] as Address[];
const NAMES = ["a", "b", "c"].map((name) => endpointId("shop", name));
const LINKS = ["cali1", "cali2", "cali3"] as InterfaceName[];

function at(name: string, addresses: readonly string[]): LocalEndpoint {
  const attachment = { kind: "interface", name: name as InterfaceName } as const;
  return { attachment, addresses: addresses as Address[] };
}

function wished(wish: RouteWish): Map<Address, WishedRoute | undefined> {
  return new Map([...wish.addresses()].toSorted().map((address) => [address, wish.get(address)]));
}

test("an address that passes from one to the next is told once, with whose it was", () => {
  const wish = createRouteWish();
  const [a, b] = NAMES as [EndpointId, EndpointId];
  const [one] = ADDRESSES as [Address];
  wish.take(new Map([[a, at("cali1", [one])]]), undefined);
  const passed = wish.take(new Map([[b, at("cali2", [one])]]), new Set([b, a]));
  expect([...passed]).toEqual([[one, { endpoint: a, interface: "cali1" as InterfaceName }]]);
  expect(wish.get(one)).toEqual({ endpoint: b, interface: "cali2" as InterfaceName });
  expect([[...wish.addressesOf("cali1")], [...wish.addressesOf("cali2")]]).toEqual([[], [one]]);
  expect(wish.take(new Map([[b, at("cali2", [one])]]), new Set([b])).size).toBe(0);
});

/** Who has each address: one at most, as the compiler has it; and by which link each is reached. */
const STATE = fc.record({
  owners: fc.array(fc.option(fc.integer({ min: 0, max: 2 }), { nil: undefined }), {
    minLength: 4,
    maxLength: 4,
  }),
  links: fc.shuffledSubarray([0, 1, 2], { minLength: 3, maxLength: 3 }),
  bridged: fc.integer({ min: 0, max: 5 }),
});

function endpointsOf({
  owners,
  links,
  bridged,
}: typeof STATE extends fc.Arbitrary<infer State> ? State : never) {
  const endpoints = new Map<EndpointId, LocalEndpoint>();
  for (const [number, id] of NAMES.entries()) {
    const addresses = ADDRESSES.filter((_, which) => owners[which] === number);
    const own = at(LINKS[links[number] ?? 0] ?? "", addresses);
    if (number === bridged) endpoints.set(id, { attachment: { kind: "address" }, addresses });
    else if (addresses.length > 0) endpoints.set(id, own);
  }
  return endpoints;
}

test("change by change it is what it would be from scratch, and tells every difference", () => {
  fc.assert(
    fc.property(fc.array(STATE, { maxLength: 8 }), fc.boolean(), (states, everything) => {
      const wish = createRouteWish();
      let before = new Map<EndpointId, LocalEndpoint>();
      for (const state of states) {
        const endpoints = endpointsOf(state);
        const touched = new Set([...endpoints.keys(), ...before.keys()]);
        const earlier = wished(wish);
        const changed = wish.take(endpoints, everything ? undefined : touched);
        const scratch = createRouteWish();
        scratch.take(endpoints, undefined);
        expect(wished(wish)).toEqual(wished(scratch));
        for (const link of LINKS)
          expect([...wish.addressesOf(link)].toSorted()).toEqual([...scratch.addressesOf(link)].toSorted());
        for (const address of ADDRESSES) {
          const same = Bun.deepEquals(earlier.get(address), wish.get(address));
          if (!same) expect(changed.has(address)).toBe(true);
          if (changed.has(address)) expect(changed.get(address)).toEqual(earlier.get(address));
        }
        before = endpoints;
      }
    }),
    { numRuns: 500, seed: testSeed() },
  );
});
