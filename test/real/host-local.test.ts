import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Cidr } from "../../model/cidr.ts";
import {
  checkAddresses,
  type HostLocalCall,
  leaseAddresses,
  releaseAddresses,
} from "../../ipam/host-local.ts";
import { IpamError } from "../../ipam/ipam-error.ts";
import { lockLeases } from "../../ipam/leases.ts";
import { replacePodCidrs, replaceUnknownPodCidrs } from "../../ipam/pod-cidr.ts";
import { reconcileLeases } from "../../ipam/reconcile.ts";
import { program } from "./programs.ts";

const BOTH = ["10.65.0.0/24", "fd00:65::/64"] as unknown as Cidr[];

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "tortie-real-leases-"));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const given = (): object => ({ type: "host-local", subnet: "usePodCidr", dataDir });
const replaced = (podCidrs: readonly Cidr[] = BOTH): object =>
  replacePodCidrs(given(), { name: "node-1", podCidrs });

function calling(container: string, ipam: object = replaced(), cniVersion = "1.1.0"): HostLocalCall {
  return {
    environment: {
      PATH: process.env["PATH"],
      CNI_CONTAINERID: container,
      CNI_NETNS: "/proc/self/ns/net",
      CNI_IFNAME: "eth0",
      CNI_ARGS: `K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web;K8S_POD_UID=1`,
    },
    pluginPath: ["/nowhere", dirname(program("host-local"))],
    configuration: { cniVersion, name: "net", type: "calico", ipam },
  };
}

const unknown = (container: string): HostLocalCall => calling(container, replaceUnknownPodCidrs(given()));
const files = (): string[] => readdirSync(join(dataDir, "net")).toSorted();
const leased = (): string[] => files().filter((name) => /^[\d.]+$|:/.test(name));

async function failure(work: Promise<unknown>): Promise<IpamError> {
  const reason: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (reason instanceof IpamError) return reason;
  throw reason ?? new Error("it did not fail");
}

test.each(["0.1.0", "0.2.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"])(
  "configuration %s: leased, found and freed, in both families",
  async (version) => {
    const addresses = await leaseAddresses(calling("c1", replaced(), version));
    expect(addresses.map(String)).toEqual(["10.65.0.2", "fd00:65::2"]);
    // CHECK came with 0.4.0.
    await checkAddresses(unknown("c1"));
    await releaseAddresses(calling("c1", replaceUnknownPodCidrs(given()), version));
    await releaseAddresses(unknown("c1"));
    expect(leased()).toEqual([]);
    expect((await failure(checkAddresses(unknown("c1")))).kind).toBe("notLeased");
  },
);

test("the leases are read as this host-local writes them", async () => {
  await leaseAddresses(calling("c1"));
  using leases = await lockLeases({ name: "net", dataDirectory: dataDir });
  expect(leases.read().map((one) => [String(one.address), one.containerId, one.podInterface])).toEqual([
    ["10.65.0.2", "c1", "eth0"],
    ["fd00:65::2", "c1", "eth0"],
  ]);
  expect(readFileSync(join(dataDir, "net", "last_reserved_ip.1"), "utf8")).toBe("fd00:65::2");
});

test("a container that leases again gets new addresses and keeps no old one", async () => {
  await leaseAddresses(calling("c1"));
  expect((await leaseAddresses(calling("c1"))).map(String)).toEqual(["10.65.0.3", "fd00:65::3"]);
  expect(leased()).toEqual(["10.65.0.3", "fd00:65::3"]);
});

test("a full range is told, nothing of the other family stays leased, and a freed address is given again", async () => {
  const small = replaced(["fd00:65::/64", "10.65.0.0/30"] as unknown as Cidr[]);
  await leaseAddresses(calling("c1", small));
  const error = await failure(leaseAddresses(calling("c2", small)));
  expect([error.kind, error.found]).toEqual([
    "full",
    "host-local says: failed to allocate for range 1: no IP addresses available in range set: 10.65.0.1-10.65.0.2",
  ]);
  expect(leased()).toEqual(["10.65.0.2", "fd00:65::2"]);
  await releaseAddresses(unknown("c1"));
  expect((await leaseAddresses(calling("c2", small))).map(String)).toContain("10.65.0.2");
});

test("a lease directory that is none is told with host-local's words", async () => {
  const ipam = { ...replaced(), dataDir: "/dev/null" };
  for (const work of [leaseAddresses, releaseAddresses, checkAddresses]) {
    const error = await failure(work(calling("c1", ipam)));
    expect([error.kind, error.found]).toEqual(["io", "host-local says: mkdir /dev/null: not a directory"]);
  }
});

/** Whether a process waits for a lock on the file, as the kernel tells it. */
function isAwaited(path: string): boolean {
  const waiting = new RegExp(`-> FLOCK .*:${statSync(path).ino} `);
  return waiting.test(readFileSync("/proc/locks", "utf8"));
}

test("host-local waits until we have let the lock go", async () => {
  const lock = await lockLeases({ name: "net", dataDirectory: dataDir });
  const leasing = leaseAddresses(calling("c1"));
  while (!isAwaited(join(dataDir, "net", "lock"))) await Bun.sleep(1);
  expect(leased()).toEqual([]);
  lock[Symbol.dispose]();
  expect(await leasing).toHaveLength(2);
});

test("while we hold the lock nothing is leased", async () => {
  using lock = await lockLeases({ name: "net", dataDirectory: dataDir });
  const error = await failure(leaseAddresses({ ...calling("c1"), deadline: 300 }));
  expect(error.kind).toBe("hung");
  expect(lock.read()).toEqual([]);
});

test("fifty at once, half of them reconciled away and the rest left alone", async () => {
  const ids = Array.from({ length: 50 }, (_, index) => `c${index}`);
  const all = await Promise.all(ids.map((id) => leaseAddresses(calling(id))));
  expect(new Set(all.flat().map(String)).size).toBe(100);
  const alive = new Set(ids.filter((_, index) => index % 2 === 0));
  const freed = await reconcileLeases({
    network: { name: "net", dataDirectory: dataDir },
    containers: () => alive,
    isInUse: () => false,
  });
  expect(freed).toHaveLength(50);
  for (const id of ids) {
    const found = checkAddresses(unknown(id));
    if (alive.has(id)) await found;
    else expect((await failure(found)).kind).toBe("notLeased");
  }
}, 60_000);
