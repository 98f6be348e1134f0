import { expect, test } from "bun:test";
import type { Address } from "../../model/address.ts";
import { type EndpointId, endpointId } from "../../model/endpoint.ts";
import type { InterfaceName } from "../../model/fingerprint.ts";
import type { LocalEndpoint } from "../route/route-wish.ts";
import { createHostEndWish } from "./host-end-wish.ts";

/** `POD INTERFACE ADDRESS ...`; an interface `-` is none of its own. */
function endpoints(...lines: readonly string[]): Map<EndpointId, LocalEndpoint> {
  return new Map(
    lines.map((line) => {
      const [name = "", via, ...addresses] = line.split(" ");
      const attachment =
        via === "-"
          ? ({ kind: "address" } as const)
          : ({ kind: "interface", name: via as InterfaceName } as const);
      return [endpointId("shop", name), { attachment, addresses: addresses as Address[] }];
    }),
  );
}

test("it knows whose each host end is, and how many have each family", () => {
  const wish = createHostEndWish();
  const all = endpoints("a cali1 10.1.0.1 fd00::1", "b cali2 10.1.0.2", "c cali3", "d - 10.1.0.4");
  expect([...wish.take(all, undefined)]).toEqual(["cali1", "cali2", "cali3"]);
  expect(["cali1", "cali2", "cali3", "cali4"].map((name) => wish.get(name)?.hasIpv6)).toEqual([
    true,
    false,
    undefined,
    undefined,
  ]);
  expect([wish.count(4), wish.count(6), [...wish.names()]]).toEqual([2, 1, ["cali1", "cali2", "cali3"]]);
});

test("only what differs is told, and an interface may pass on", () => {
  const wish = createHostEndWish();
  wish.take(endpoints("a cali1 10.1.0.1", "b cali2 10.1.0.2"), undefined);
  const ids = (...names: readonly string[]) => new Set(names.map((name) => endpointId("shop", name)));
  expect(wish.take(endpoints("a cali1 10.1.0.9", "b cali2 10.1.0.2"), ids("a", "b")).size).toBe(0);
  const passed = endpoints("a cali2 10.1.0.1", "b cali1 10.1.0.2 fd00::2");
  expect([...wish.take(passed, ids("a", "b"))].toSorted()).toEqual(["cali1", "cali2"]);
  expect(["cali1", "cali2"].map((name) => wish.get(name)?.endpoint)).toEqual([...ids("b", "a")]);
  expect([wish.count(4), wish.count(6)]).toEqual([2, 1]);
  expect([...wish.take(endpoints("a cali2 10.1.0.1"), ids("b"))]).toEqual(["cali1"]);
  expect([...wish.take(endpoints("a - 10.1.0.1"), undefined)]).toEqual(["cali2"]);
  expect([wish.count(4), wish.count(6), [...wish.names()]]).toEqual([0, 0, []]);
});
