import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { type Endpoint, endpointId } from "../../model/endpoint.ts";
import { emptyClusterState, fold, type Update } from "../../model/update.ts";
import { testRuns, testSeed } from "../worlds/seed.ts";
import type { HostRoute } from "../../dataplane/route/host-view.ts";
import { createPlacement } from "../../dataplane/route/placement.ts";
import { bridgeRoute, hostRoute, pod, put, remove, testHost } from "../../dataplane/route/test-host.ts";

const ADDRESSES = ["10.1.0.1", "10.1.0.2", "10.1.0.3", "fd00::1", "fd00::2"];
const NAMES = ["a", "b", "c", "d"];

/** One thing that happens: updates arrive together, or a route is another and the host says so. */
type Happening =
  | { readonly kind: "updates"; readonly updates: readonly Update[] }
  | { readonly kind: "route"; readonly address: string; readonly route: HostRoute | undefined };

const name = fc.constantFrom(...NAMES);
const endpoint: fc.Arbitrary<Endpoint> = fc
  .record({
    name,
    addresses: fc.subarray(ADDRESSES, { maxLength: 2 }),
    state: fc.constantFrom("alive", "alive", "alive", "deleting", "finished", "elsewhere"),
  })
  .map(({ name: own, addresses, state }) =>
    pod(own, addresses.join(" "), {
      deleting: state === "deleting",
      finished: state === "finished",
      ...(state === "elsewhere" && { attachment: undefined }),
    }),
  );
const update: fc.Arbitrary<Update> = fc.oneof(endpoint.map(put), name.map(remove));
const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.array(update, { minLength: 1, maxLength: 4 }).map((updates) => ({ kind: "updates" as const, updates })),
  fc
    .record({
      address: fc.constantFrom(...ADDRESSES),
      to: fc.constantFrom("v1", "v2", "v3", "cni0", "cni1", "none"),
    })
    .map(({ address, to }) => {
      const own = hostRoute(to, address.includes(":") ? 6 : 4);
      const route = to === "none" ? undefined : to.startsWith("cni") ? bridgeRoute(to) : own;
      return { kind: "route" as const, address, route };
    }),
);

/** What is known in the end, however it came about, against the same from scratch. */
function compare(happenings: readonly Happening[]): void {
  const host = testHost();
  const placement = createPlacement(host);
  const given = emptyClusterState();
  const placed = emptyClusterState();
  for (const one of happenings) {
    if (one.kind === "updates") {
      for (const each of one.updates) fold(given, each);
      for (const each of placement.place(one.updates)) fold(placed, each);
    } else {
      if (one.route === undefined) host.routes.delete(one.address);
      else host.routes.set(one.address, one.route);
      for (const each of placement.again()) fold(placed, each);
    }
  }
  const fresh = emptyClusterState();
  for (const each of createPlacement(host).place([...given.endpoints.values()].map(put))) fold(fresh, each);
  const all = NAMES.map((own) => endpointId("shop", own));
  expect(all.map((id) => placed.endpoints.get(id))).toEqual(all.map((id) => fresh.endpoints.get(id)));
}

test("whatever the order of endpoints and routes, the attachments are those of a start from scratch", () => {
  fc.assert(fc.property(fc.array(happening, { maxLength: 30 }), compare), {
    seed: testSeed(),
    numRuns: testRuns("TORTIE_PLACEMENTS", 1_000),
  });
});
