import { expect, test } from "bun:test";
import type { AddressSetId } from "../../model/ruleset.ts";
import { epochOfName, HOOK, namesOfEpoch } from "./names.ts";

test("a name tells its epoch, and only ours do", () => {
  const names = namesOfEpoch(17);
  expect(epochOfName(names.fixed("egress"))).toBe(17);
  expect(epochOfName(names.sources(6))).toBe(17);
  for (const name of [...Object.values(HOOK), "e-1", "e1", "egress", "ex1-a", "e1x-a"]) {
    expect(epochOfName(name)).toBeUndefined();
  }
});

test("an id that is no fingerprint becomes one: no name is too long, none meet", () => {
  const names = namesOfEpoch(1);
  const ids = ["a.b", "a-b", "a b", "x".repeat(300), `${"x".repeat(300)}y`] as AddressSetId[];
  const made = ids.map((id) => names.endpoints(id, 4));
  expect(new Set(made).size).toBe(ids.length);
  for (const name of made) expect(name).toMatch(/^e1-endpoints4-[0-9a-f]{20}$/);
});
