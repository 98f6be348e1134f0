import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Address } from "../../model/address.ts";
import { type EndpointId, endpointId } from "../../model/endpoint.ts";
import type { InterfaceName } from "../../model/fingerprint.ts";
import { testRuns, testSeed } from "../../test/worlds/seed.ts";
import type { HostCondition } from "../preflight/condition.ts";
import { fakeRouteKernel, type FakeRouteKernel } from "./fake-route-kernel.ts";
import { keepLocalRoutes, type LocalRoutes, type LocalRoutesOptions } from "./local-routes.ts";
import type { LocalEndpoint } from "./route-wish.ts";

const NEVER = 3_600_000;
const ADDRESSES = ["10.1.0.1", "10.1.0.2", "fd00::1"] as Address[];
const LINKS = ["cali1", "cali2", "cali3"] as InterfaceName[];

interface Kept extends Disposable {
  readonly kernel: FakeRouteKernel;
  readonly routes: LocalRoutes;
  readonly conditions: () => readonly HostCondition[];
  readonly troubles: readonly string[];
}

function keep(options: Partial<LocalRoutesOptions> = {}): Kept {
  const kernel = fakeRouteKernel();
  for (const name of LINKS) kernel.addLink(name);
  let conditions: readonly HostCondition[] = [];
  const troubles: string[] = [];
  const routes = keepLocalRoutes({
    kernel,
    told: (found) => (conditions = found),
    trouble: (text) => troubles.push(text),
    leftoverMilliseconds: NEVER,
    retryMilliseconds: 0,
    ...options,
  });
  return {
    kernel,
    routes,
    conditions: () => conditions,
    troubles,
    [Symbol.dispose]: () => routes[Symbol.dispose](),
  };
}

/** `INTERFACE ADDRESS ...`, by the pod's name. */
function endpoints(pods: Readonly<Record<string, string>>): Map<EndpointId, LocalEndpoint> {
  return new Map(
    Object.entries(pods).map(([name, text]) => {
      const [via, ...addresses] = text.split(" ");
      const attachment = { kind: "interface", name: via as InterfaceName } as const;
      return [endpointId("shop", name), { attachment, addresses: addresses as Address[] }];
    }),
  );
}

test("what is untouched is not asked about", async () => {
  using kept = keep();
  const { kernel, routes } = kept;
  const many = Object.fromEntries(
    Array.from({ length: 1_000 }, (_, at) => [`pod${at}`, `cali1 10.9.${at >> 8}.${at & 255}`]),
  );
  routes.want(endpoints(many), undefined);
  await routes.settled();
  // One question for each, and one more after each change; two for leftovers, one for the link.
  expect(kernel.counts).toEqual({ asked: 2 * 1_000 + 3, changed: 1_000 });
  const next = endpoints({ ...many, pod7: "cali2 10.9.0.7" });
  kernel.counts.asked = 0;
  kernel.counts.changed = 0;
  routes.want(next, new Set([endpointId("shop", "pod7"), endpointId("shop", "pod8")]));
  await routes.settled();
  expect(kernel.counts).toEqual({ asked: 3, changed: 1 });
  routes.want(next, new Set());
  await routes.settled();
  expect(kernel.counts).toEqual({ asked: 3, changed: 1 });
});

test("an endpoint behind a bridge, or without addresses, has no route", async () => {
  using kept = keep();
  const byAddress: LocalEndpoint = { attachment: { kind: "address" }, addresses: ADDRESSES };
  kept.routes.want(
    new Map([[endpointId("shop", "web"), byAddress], ...endpoints({ empty: "cali1" })]),
    undefined,
  );
  await kept.routes.settled();
  expect(kept.kernel.listed).toEqual([]);
});

test("a stranger's route that goes with its link, untold, makes room for ours", async () => {
  using kept = keep();
  kept.kernel.addLink("cali3");
  kept.kernel.putRoute(ADDRESSES[0] as Address, "cali3", 3);
  kept.routes.want(endpoints({ web: `cali1 ${ADDRESSES[0]}` }), undefined);
  await kept.routes.settled();
  expect(kept.conditions()).toHaveLength(1);
  kept.kernel.events.length = 0;
  kept.kernel.removeLink("cali3");
  kept.routes.take(kept.kernel.events.splice(0).filter(({ kind }) => kind === "link"));
  await kept.routes.settled();
  expect(kept.kernel.listed).toEqual([`${ADDRESSES[0]} cali1 116`]);
  expect(kept.conditions()).toEqual([]);
});

test("what fails is told and tried again", async () => {
  using kept = keep({ retryMilliseconds: 1 });
  kept.kernel.failing = 1;
  kept.routes.want(endpoints({ web: "cali1 10.1.0.1" }), undefined);
  await kept.routes.settled();
  expect(kept.kernel.listed).toEqual(["10.1.0.1 cali1 116"]);
  // For leftovers it looks again with the next sweep.
  expect(kept.troubles).toEqual(["could not ask a fake: No buffer space available (ENOBUFS)"]);
  kept.kernel.failing = 1;
  kept.routes.want(endpoints({ web: "cali2 10.1.0.1" }), undefined);
  await kept.routes.settled();
  expect(kept.conditions()).toEqual([
    {
      kind: "notice",
      text:
        "packets to 10.1.0.1 do not reach pod shop/web by its interface cali2: could not ask a fake: No buffer space " +
        "available (ENOBUFS); it is tried again every 1 ms",
    },
  ]);
  while (kept.conditions().length > 0) await Bun.sleep(1);
  expect(kept.kernel.listed).toEqual(["10.1.0.1 cali2 116"]);
});

test("nothing happens after the end", async () => {
  const kept = keep({ leftoverMilliseconds: 0 });
  kept.kernel.putRoute("10.1.0.9" as Address, "cali1", 116);
  kept.routes.want(endpoints({ web: "cali1 10.1.0.1" }), undefined);
  kept[Symbol.dispose]();
  await Bun.sleep(2);
  expect(kept.kernel.listed).toEqual(["10.1.0.9 cali1 116"]);
});

type Step =
  | {
      readonly kind: "want";
      readonly owners: readonly (number | undefined)[];
      readonly vias: readonly number[];
    }
  | { readonly kind: "link"; readonly name: InterfaceName; readonly there: boolean }
  | {
      readonly kind: "route";
      readonly address: Address;
      readonly name: InterfaceName;
      readonly protocol: number;
    }
  | { readonly kind: "noRoute"; readonly address: Address }
  | { readonly kind: "tell"; readonly how: "all" | "backwards" | "none" }
  | { readonly kind: "settle" };

const index = fc.integer({ min: 0, max: 2 });
const STEP: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant("want" as const),
    owners: fc.array(fc.option(index, { nil: undefined }), { minLength: 3, maxLength: 3 }),
    vias: fc.shuffledSubarray([0, 1, 2], { minLength: 3, maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant("link" as const), name: fc.constantFrom(...LINKS), there: fc.boolean() }),
  fc.record({
    kind: fc.constant("route" as const),
    address: fc.constantFrom(...ADDRESSES),
    name: fc.constantFrom(...LINKS),
    protocol: fc.constantFrom(3, 4, 116),
  }),
  fc.record({ kind: fc.constant("noRoute" as const), address: fc.constantFrom(...ADDRESSES) }),
  fc.record({
    kind: fc.constant("tell" as const),
    how: fc.constantFrom("all" as const, "backwards" as const, "none" as const),
  }),
  fc.constant({ kind: "settle" as const }),
);

async function take(
  { kernel, routes }: Kept,
  step: Step,
  wanted: Map<Address, InterfaceName>,
): Promise<void> {
  switch (step.kind) {
    case "want": {
      const pods: Record<string, string> = {};
      wanted.clear();
      for (const [at, owner] of step.owners.entries()) {
        const via = owner === undefined ? undefined : LINKS[step.vias[owner] ?? 0];
        const address = ADDRESSES[at];
        if (via === undefined || address === undefined) continue;
        pods[`pod${owner}`] = `${pods[`pod${owner}`] ?? via} ${address}`;
        wanted.set(address, via);
      }
      return routes.want(endpoints(pods), undefined);
    }
    case "link":
      return step.there ? kernel.addLink(step.name) : kernel.removeLink(step.name);
    case "route":
      return kernel.putRoute(step.address, step.name, step.protocol);
    case "noRoute":
      return kernel.removeRoute(step.address);
    case "tell": {
      const events = kernel.events.splice(0);
      if (step.how === "none") return routes.lookAgain();
      return routes.take(step.how === "all" ? events : events.toReversed());
    }
    case "settle":
      return routes.settled();
  }
}

test("after any history, told in any order, the routes are the wish's, and others' are untouched", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(STEP, { maxLength: 30 }), async (steps) => {
      using kept = keep();
      const { kernel, routes } = kept;
      const wanted = new Map<Address, InterfaceName>();
      routes.want(new Map(), undefined);
      for (const step of steps) await take(kept, step, wanted);
      for (const name of LINKS) kernel.addLink(name);
      const foreign = kernel.listed.filter((line) => !line.endsWith(" 116"));
      await take(kept, { kind: "tell", how: "all" }, wanted);
      await routes.settled();
      // Our own changes are told as well.
      await take(kept, { kind: "tell", how: "all" }, wanted);
      await routes.settled();
      const listed = kernel.listed;
      expect(listed.filter((line) => !line.endsWith(" 116"))).toEqual(foreign);
      let held = 0;
      for (const [address, via] of wanted) {
        const line = listed.find((one) => one.startsWith(`${address} `));
        if (foreign.includes(line ?? "")) held += line?.startsWith(`${address} ${via} `) === true ? 0 : 1;
        else expect(line).toBe(`${address} ${via} 116`);
      }
      expect(kept.conditions().length > 0).toBe(held > 0);
      expect(kept.troubles).toEqual([]);
    }),
    { numRuns: testRuns("TORTIE_ROUTE_RUNS", 500), seed: testSeed() },
  );
});
