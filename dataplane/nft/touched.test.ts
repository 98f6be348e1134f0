import { expect, test } from "bun:test";
import type { Address } from "../../model/address.ts";
import type { AddressSetId, Touched } from "../../model/ruleset.ts";
import { addTouched, type Pending } from "./touched.ts";

const set = "s" as AddressSetId;

function touching(members: readonly string[] | "whole"): Touched {
  return {
    addressSets: new Map([[set, members === "whole" ? members : new Set(members as readonly Address[])]]),
    serviceSets: new Map(),
    programs: new Set(),
    endpoints: new Set(),
  };
}

function merged(...all: readonly Touched[]): unknown {
  const pending = all.reduce<Pending | undefined>(addTouched, undefined);
  return pending?.kind === "some" ? pending.touched.addressSets.get(set) : pending?.kind;
}

test("members of one set add up", () => {
  expect(merged(touching(["10.0.0.1"]), touching(["10.0.0.2"]))).toEqual(new Set(["10.0.0.1", "10.0.0.2"]));
});

test("a set that came or went is looked at as a whole, whatever else is told of it", () => {
  expect(merged(touching("whole"), touching(["10.0.0.1"]))).toBe("whole");
  expect(merged(touching(["10.0.0.1"]), touching("whole"))).toBe("whole");
  expect(merged(touching("whole"), touching("whole"))).toBe("whole");
});
