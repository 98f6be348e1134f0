import { expect, test } from "bun:test";
import { readPluginConfiguration } from "./plugin-configuration.ts";

const GIVEN = { cniVersion: "1.0.0", name: "x", ipam: { type: "host-local" } };

test("what is accepted comes with defaults", () => {
  expect(readPluginConfiguration(GIVEN)).toMatchObject({
    ok: true,
    configuration: {
      version: "1.0.0",
      name: "x",
      mtu: 0,
      setupTimeoutSeconds: 30,
      runDirectory: "/run/tortie",
    },
  });
});

test.each([
  [{ cniVersion: "9" }, "version", 'cniVersion is "9", which is not spoken here'],
  [{ ipam: 7 }, "configuration", "ipam is 7; expected an object: { type: host-local, ... }"],
  [{ ipam: { type: "calico-ipam" } }, "field", 'ipam.type is "calico-ipam", which is not supported'],
  [{ ipv4_pools: ["x"] }, "field", 'ipv4_pools is ["x"], which is not supported'],
] as const)("%j is refused", (changes, code, found) => {
  expect(readPluginConfiguration({ ...GIVEN, ...changes })).toMatchObject({ ok: false, code, found });
});

test("what is not supported can be undone", () => {
  const given = { ...GIVEN, ipam: { type: "calico-ipam" }, ipv4_pools: ["x"] };
  expect(readPluginConfiguration(given, { undoing: true }).ok).toBe(true);
});
