import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeCniConfig } from "./cni-config.ts";
import { openHosts } from "./test-host.ts";
import { missingPrograms } from "./plugin-programs.ts";

const folder = mkdtempSync(join(tmpdir(), "tortie-plugin-programs-"));
const hosts = openHosts();
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  hosts[Symbol.dispose]();
});

/** A container that has the host's root directory, in which there is nothing to run. */
function mountedHost(name: string): { readonly hostRoot: string; readonly netDirectory: string } {
  const hostRoot = join(folder, name);
  for (const programs of ["usr/bin", "usr/sbin"]) mkdirSync(join(hostRoot, programs), { recursive: true });
  return { hostRoot, netDirectory: join(hostRoot, "etc/cni/net.d") };
}

test("portmap without iptables and nft is named, with where was looked and what to do", () => {
  const host = mountedHost("bare");
  const places = [
    "usr/local/sbin",
    "usr/local/bin",
    "usr/sbin",
    "usr/bin",
    "sbin",
    "bin",
    "run/current-system/sw/bin",
  ];
  const text =
    "the CNI configuration calls portmap, which needs iptables or nft, and there is neither in " +
    `${places.map((place) => join(host.hostRoot, place)).join(", ")}: pods with a hostPort can neither be started nor removed; ` +
    "install iptables (portmap before 1.6 knows nothing else)";
  const environment = { KUBERNETES_SERVICE_HOST: "10.96.0.1" };
  expect(missingPrograms(["calico", "portmap", "bandwidth"], { ...host, environment })).toEqual([
    { kind: "notice", text },
  ]);
  expect(missingPrograms(["calico", "bandwidth"], { ...host, environment })).toEqual([]);
});

test.each(["iptables", "nft"])("%s suffices, also by a link that leads nowhere from here", (name) => {
  const host = mountedHost(`with-${name}`);
  symlinkSync(`/etc/alternatives/of-the-host/${name}`, join(host.hostRoot, "usr/sbin", name));
  expect(missingPrograms(["calico", "portmap"], { ...host, environment: {} })).toEqual([]);
});

test("what cannot be seen is not spoken of", () => {
  const hostRoot = join(folder, "directories-alone");
  const netDirectory = join(hostRoot, "etc/cni/net.d");
  for (const name of [netDirectory, join(hostRoot, "usr/lib/cni")]) mkdirSync(name, { recursive: true });
  expect(missingPrograms(["portmap"], { hostRoot, netDirectory, environment: {} })).toEqual([]);
  // The directory of configurations alone is the host's, at its usual place.
  const inPod = { KUBERNETES_SERVICE_HOST: "10.96.0.1" };
  expect(missingPrograms(["portmap"], { netDirectory: "/etc/cni/net.d", environment: inPod })).toEqual([]);
});

test("an agent without a container looks along its own PATH, too", () => {
  const directory = mkdtempSync(join(folder, "bin-"));
  writeFileSync(join(directory, "nft"), "");
  const host = { netDirectory: "/etc/cni/net.d", environment: { PATH: `/usr/bin:${directory}` } };
  expect(missingPrograms(["portmap"], host)).toEqual([]);
});

test("the agent tells of it once the configuration is written", () => {
  const { settings, places } = hosts.make();
  mkdirSync(join(places.hostRoot, "usr/bin"), { recursive: true });
  const { conditions, written } = writeCniConfig(settings, {}, places);
  expect(written).toHaveLength(1);
  expect(conditions).toEqual([
    { kind: "notice", text: expect.stringContaining("calls portmap, which needs iptables or nft") as string },
  ]);
});
