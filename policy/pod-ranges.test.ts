import { expect, test } from "bun:test";
import { type Address, addressValue } from "../model/address.ts";
import { type AddressRange, type Cidr, cidrRange, rangeContains } from "../model/cidr.ts";
import type { Endpoint } from "../model/endpoint.ts";
import type { Update } from "../model/update.ts";
import { createCompiler } from "./compiler.ts";
import { pod } from "./test-objects.ts";

const NODE: Update = {
  kind: "node",
  name: "here",
  value: { name: "here", podCidrs: ["10.1.0.0/24" as Cidr, "fd00::/64" as Cidr] },
};
const WHOLE: readonly AddressRange[] = [cidrRange("10.1.0.0/24" as Cidr), cidrRange("fd00::/64" as Cidr)];

const endpoint = (value: Endpoint): Update => ({ kind: "endpoint", id: value.id, value });
const here = pod("x/here", "10.1.0.7 fd00::7");
const elsewhere = { ...pod("x/elsewhere", "10.1.0.8 fd00::8"), attachment: undefined };
const far = { ...pod("x/far", "10.2.0.8"), attachment: undefined };

function isClosed(ranges: readonly AddressRange[], address: string): boolean {
  const value = addressValue(address as Address);
  return ranges.some((range) => rangeContains(range, value));
}

const orders: readonly (readonly Update[])[] = [
  [NODE, endpoint(here), endpoint(elsewhere), endpoint(far)],
  [endpoint(elsewhere), endpoint(far), endpoint(here), NODE],
];

test.each(orders)("what an endpoint elsewhere is known to have is not closed", (...updates) => {
  const compiler = createCompiler();
  for (const update of updates) compiler.apply([update]);
  const { podRanges } = compiler.ruleset;
  for (const address of ["10.1.0.7", "10.1.0.9", "fd00::7", "fd00::9"])
    expect(isClosed(podRanges, address)).toBe(true);
  for (const address of ["10.1.0.8", "fd00::8", "10.2.0.8"]) expect(isClosed(podRanges, address)).toBe(false);
  compiler.apply([{ kind: "endpoint", id: elsewhere.id, value: undefined }]);
  expect(compiler.ruleset.podRanges).toEqual(WHOLE);
});

test("an address that an endpoint of this node wins is closed to all others again", () => {
  const compiler = createCompiler();
  compiler.apply([NODE, endpoint(elsewhere)]);
  expect(isClosed(compiler.ruleset.podRanges, "10.1.0.8")).toBe(false);
  compiler.apply([endpoint(pod("x/here", "10.1.0.8", { startedAt: elsewhere.startedAt + 1 }))]);
  expect(isClosed(compiler.ruleset.podRanges, "10.1.0.8")).toBe(true);
  compiler.apply([{ kind: "endpoint", id: here.id, value: undefined }]);
  expect(isClosed(compiler.ruleset.podRanges, "10.1.0.8")).toBe(false);
});
