import { expect, test } from "bun:test";
import type { Address } from "../model/address.ts";
import type { CniVersion } from "../handshake/cni-version.ts";
import { readPreviousResult } from "./previous-result.ts";
import { printResult, type Wired } from "./result.ts";

const WIRED: Wired = {
  host: { name: "cali0123456789a", mac: "ee:ee:ee:ee:ee:ee" },
  pod: { name: "eth0", mac: "02:00:00:00:00:01" },
  mtu: 1450,
  namespacePath: "/run/netns/c1",
  addresses: ["10.0.0.2" as Address, "fd00::2" as Address],
  routes: ["0.0.0.0/0", "::/0"],
  dns: { nameservers: ["10.96.0.10"] },
};

const printed = (version: CniVersion, wired = WIRED): unknown => JSON.parse(printResult(version, wired));
const dns = { nameservers: ["10.96.0.10"] };

test.each(["0.1.0", "0.2.0"] as const)("%s has an address of each family, and no interface", (version) => {
  expect(printed(version)).toEqual({
    cniVersion: version,
    ip4: { ip: "10.0.0.2/32", routes: [{ dst: "0.0.0.0/0" }] },
    ip6: { ip: "fd00::2/128", routes: [{ dst: "::/0" }] },
    dns,
  });
});

test("0.2.0 of a pod with one family says nothing of the other", () => {
  const wired = { ...WIRED, addresses: ["fd00::2" as Address], routes: ["::/0"], dns: undefined };
  expect(printed("0.2.0", wired)).toEqual({
    cniVersion: "0.2.0",
    ip6: { ip: "fd00::2/128", routes: [{ dst: "::/0" }] },
    dns: {},
  });
});

test.each(["0.3.0", "0.3.1", "0.4.0"] as const)("%s names the family of each address", (version) => {
  expect(printed(version)).toEqual({
    cniVersion: version,
    interfaces: [
      { name: "cali0123456789a", mac: "ee:ee:ee:ee:ee:ee" },
      { name: "eth0", mac: "02:00:00:00:00:01", sandbox: "/run/netns/c1" },
    ],
    ips: [
      { version: "4", interface: 1, address: "10.0.0.2/32" },
      { version: "6", interface: 1, address: "fd00::2/128" },
    ],
    routes: [{ dst: "0.0.0.0/0" }, { dst: "::/0" }],
    dns,
  });
});

test.each([
  ["1.0.0", {}],
  ["1.1.0", { mtu: 1450 }],
] as const)("%s names no families, and %j of interfaces", (version, more) => {
  expect(printed(version)).toEqual({
    cniVersion: version,
    interfaces: [
      { name: "cali0123456789a", mac: "ee:ee:ee:ee:ee:ee", ...more },
      { name: "eth0", mac: "02:00:00:00:00:01", ...more, sandbox: "/run/netns/c1" },
    ],
    ips: [
      { interface: 1, address: "10.0.0.2/32" },
      { interface: 1, address: "fd00::2/128" },
    ],
    routes: [{ dst: "0.0.0.0/0" }, { dst: "::/0" }],
    dns,
  });
});

test.each(["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"] as const)(
  "a result of %s is read again",
  (version) => {
    const read = readPreviousResult(printed(version) as Record<string, unknown>, version);
    expect(read.addresses).toEqual(WIRED.addresses);
    if (version > "0.3") expect(read.interfaces.map(({ name }) => name)).toEqual(["cali0123456789a", "eth0"]);
  },
);

test.each([
  [{ ips: 7 }, /^prevResult is no result: ips: /],
  [{ ips: [{ address: "10.0.0.2.1/32" }] }, 'prevResult has the address "10.0.0.2.1/32", which is none'],
])("%j is no result", (given, message) => {
  expect(() => readPreviousResult(given, "1.0.0")).toThrow(message);
});
