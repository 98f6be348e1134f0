import { expect, test } from "bun:test";
import { describeChange } from "./rtnetlink-change.ts";

test.each([
  ["0a410001", "10.65.0.1"],
  ["fd000065000000000000000000000001", "fd00:65::1"],
  ["00000000000000000000000000000000", "::"],
  ["fe80", "fe80"],
])("an error about %s speaks of %s", (hex, text) => {
  const neighbour = { link: 7, address: Uint8Array.fromHex(hex), macAddress: "ee:ee:ee:ee:ee:ee" };
  expect(describeChange({ kind: "setNeighbour", neighbour })).toBe(`set the hardware address of ${text}`);
});
