import { expect, test } from "bun:test";
import { keyTypeId, keyTypesOf } from "./value-types.ts";
import { flagBytes, nextValue, prefixMask, scalarBytes, valueRange, wildcardBytes } from "./values.ts";

test.each([
  ["10.1.2.3", "ipv4_addr", "0a010203"],
  ["::1", "ipv6_addr", "00000000000000000000000000000001"],
  // Written as the edge of a range of IPv6 addresses.
  ["::ffff:0:0", "ipv6_addr", "00000000000000000000ffff00000000"],
  ["udp", "inet_proto", "11"],
  [255, "inet_proto", "ff"],
  [8080, "inet_service", "1f90"],
  ["443", "inet_service", "01bb"],
  ["cali1", "ifname", "63616c69310000000000000000000000"],
  ["ipv6", "nf_proto", "0a"],
  ["nd-neighbor-solicit", "icmpv6_type", "87"],
] as const)("%p as %s", (value, type, hex) => {
  expect(scalarBytes(value, type).toHex()).toBe(hex);
});

test.each([
  ["::ffff:10.0.0.1", "ipv4_addr"],
  ["10.0.0.1", "ipv6_addr"],
  ["010.0.0.1", "ipv4_addr"],
  [256, "inet_proto"],
  [-1, "inet_service"],
  [1.5, "inet_service"],
  ["", "ifname"],
  ["toString", "inet_proto"],
] as const)("%p is no %s", (value, type) => {
  expect(() => scalarBytes(value, type)).toThrow("where");
});

test("flags of a connection's state are in the host's order, those of TCP are one byte", () => {
  expect(flagBytes(["established", "related"], "ct_state").toHex()).toBe("06000000");
  expect(flagBytes({ "|": [{ "|": ["fin", "syn"] }, "rst", "ack"] }, "tcp_flag").toHex()).toBe("17");
});

test("a wildcard is what comes before it", () => {
  expect(wildcardBytes("cali*")?.toHex()).toBe("63616c69");
  expect(wildcardBytes("cali")).toBeUndefined();
});

test.each([
  [{ prefix: { addr: "10.1.2.3", len: 8 } }, "ipv4_addr", "0a000000", "0affffff"],
  [{ prefix: { addr: "0.0.0.0", len: 0 } }, "ipv4_addr", "00000000", "ffffffff"],
  [{ prefix: { addr: "10.1.2.3", len: 32 } }, "ipv4_addr", "0a010203", "0a010203"],
  [{ range: [80, 90] }, "inet_service", "0050", "005a"],
  [7, "inet_service", "0007", "0007"],
] as const)("%j from its first to its last value", (value, type, first, last) => {
  const range = valueRange(value, type);
  expect([range.first.toHex(), range.last.toHex()]).toEqual([first, last]);
});

test("the value after another, and none after the last", () => {
  expect(nextValue(Uint8Array.of(10, 0, 255))?.toHex()).toBe("0a0100");
  expect(nextValue(Uint8Array.of(255, 255))).toBeUndefined();
});

test.each([
  [0, "00000000"],
  [1, "80000000"],
  [12, "fff00000"],
  [32, "ffffffff"],
])("the mask of a prefix of %d", (length, hex) => {
  expect(prefixMask(4, length).toHex()).toBe(hex);
});

test("the number of a key's type can be read back", () => {
  const types = ["ipv6_addr", "inet_proto", "inet_service"] as const;
  expect(keyTypesOf(keyTypeId(types))).toEqual([...types]);
  expect(keyTypesOf(1)).toBeUndefined();
});
