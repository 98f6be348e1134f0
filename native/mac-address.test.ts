import { expect, test } from "bun:test";
import { macAddressBytes, macAddressText, randomMacAddress } from "./mac-address.ts";

test("macAddressText and macAddressBytes undo each other", () => {
  const bytes = Uint8Array.of(0, 1, 0xab, 0xcd, 0xef, 0xff);
  expect(macAddressText(bytes)).toBe("00:01:ab:cd:ef:ff");
  expect(macAddressBytes("00:01:ab:cd:ef:ff")).toEqual(bytes);
  expect(macAddressText(undefined)).toBe("");
});

test("randomMacAddress gives addresses of one interface each that nobody sells", () => {
  const made = Array.from({ length: 1_000 }, randomMacAddress);
  expect(new Set(made).size).toBe(made.length);
  for (const address of made) expect((macAddressBytes(address)[0] ?? 0) & 3).toBe(2);
});
