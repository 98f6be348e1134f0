import { expect, test } from "bun:test";
import { crc32c } from "./crc32c.ts";

test("crc32c gives the check value of its catalogue entry and the vectors of RFC 3720, B.4", () => {
  expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
});
