import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { Address4, Address6 } from "ip-address";
import {
  addressBytes,
  addressFamily,
  addressOfBytes,
  addressValue,
  type AddressValue,
  formatAddress,
  parseAddress,
  parseAddressValue,
} from "./address.ts";

const options = { seed: Number(process.env["TORTIE_SEED"] ?? Date.now()), numRuns: 2000 };
const MAPPED = 0xffffn << 32n;

const ipv4 = fc.bigInt(0n, 2n ** 32n - 1n).map((value): AddressValue => ({ family: 4, value }));
// Words that are often zero: what RFC 5952 shortens.
const ipv6 = fc
  .array(fc.oneof(fc.constant(0), fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 })
  .map((words): AddressValue => ({
    family: 6,
    value: words.reduce((value, word) => (value << 16n) | BigInt(word), 0n),
  }))
  .filter(({ value }) => value >> 32n !== 0xffffn);

/** What ip-address reads, in our words; it takes prefixes and zones, which are kept away from it. */
function oracle(text: string): AddressValue | undefined {
  if (Address4.isValid(text)) return { family: 4, value: new Address4(text).bigInt() };
  if (!Address6.isValid(text)) return undefined;
  const value = new Address6(text).bigInt();
  return value >> 32n === MAPPED >> 32n ? { family: 4, value: value & 0xffffffffn } : { family: 6, value };
}

test("the canonical spelling is ip-address's, and reads back as the same number", () => {
  fc.assert(
    fc.property(fc.oneof(ipv4, ipv6), (address) => {
      const text = formatAddress(address);
      const theirs =
        address.family === 4 ? Address4.fromBigInt(address.value) : Address6.fromBigInt(address.value);
      expect<string>(text).toBe(theirs.correctForm());
      expect(parseAddressValue(text)).toEqual(address);
      expect(addressValue(text)).toEqual(address);
      expect(addressFamily(text)).toBe(address.family);
      const bytes = addressBytes(text);
      expect(bytes.length).toBe(address.family === 4 ? 4 : 16);
      expect(BigInt(`0x${bytes.toHex()}`)).toBe(address.value);
      expect(addressOfBytes(bytes)).toBe(text);
    }),
    options,
  );
});

test("whatever the text, it is an address exactly where ip-address says so, and the same one", () => {
  const token = fc.constantFrom(
    "0",
    "1",
    "10",
    "255",
    "256",
    "ab",
    "FFFF",
    "ffff",
    "00001",
    "::",
    ":",
    ".",
    "1.2.3.4",
    "g",
    " ",
  );
  const nearly = fc.array(token, { maxLength: 15 }).map((tokens) => tokens.join(""));
  const groups = fc.array(fc.constantFrom("0", "1", "ab", "FFFF", "", "1.2.3.4"), { maxLength: 9 });
  const octets = fc.array(fc.constantFrom("0", "1", "10", "01", "255", "256", ""), { maxLength: 5 });
  fc.assert(
    fc.property(
      fc.oneof(
        nearly,
        groups.map((parts) => parts.join(":")),
        octets.map((parts) => parts.join(".")),
      ),
      (text) => {
        expect(parseAddressValue(text)).toEqual(oracle(text));
      },
    ),
    options,
  );
});

test.each([
  ["1.2.3.4", "1.2.3.4"],
  ["::FFFF:1.2.3.4", "1.2.3.4"],
  ["::ffff:102:304", "1.2.3.4"],
  ["2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
  ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
  ["0:0:0:0:0:0:0:0", "::"],
  ["1::", "1::"],
  ["::1.2.3.4", "::102:304"],
])("%s is %s", (text, canonical) => {
  expect<string | undefined>(parseAddress(text)).toBe(canonical);
});

test.each([
  "",
  "1.2.3",
  "1.2.3.4.",
  "0x1.2.3.4",
  "1.2.3.4/32",
  "fe80::1%eth0",
  "1:2:3:4:5:6:7:8::",
  "::ffff:1.2.3",
  "[::1]",
])("%j is no address", (text) => {
  expect(parseAddress(text)).toBeUndefined();
});

test("leading zeros are refused, or decimal where the API server reads them so; never octal", () => {
  expect(parseAddress("010.1.1.1")).toBeUndefined();
  expect<string | undefined>(parseAddress("010.001.1.00", { leadingZeros: "decimal" })).toBe("10.1.1.0");
  expect<string | undefined>(parseAddress("::ffff:010.1.1.1", { leadingZeros: "decimal" })).toBe("10.1.1.1");
  expect(parseAddress("0256.1.1.1", { leadingZeros: "decimal" })).toBeUndefined();
});

test("a text that only claims to be an address is refused", () => {
  expect(() => addressValue("10.1" as never)).toThrow('"10.1" is not an address in canonical spelling');
});
