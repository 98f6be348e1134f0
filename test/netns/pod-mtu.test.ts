import { afterEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PodMtu } from "../../dataplane/link/mtu.ts";
import type { Cidr } from "../../model/cidr.ts";
import { NetworkNamespace } from "../../native/network-namespace.ts";
import { ip } from "./other-cni/commands.ts";
import { linkedHost, type LinkedHost, type LinkedHostOptions, until } from "./pod-links/host.ts";

let opened = new DisposableStack();
afterEach(() => {
  opened.dispose();
  opened = new DisposableStack();
});

const UPLINK = [
  "link set lo up",
  "link add uplink mtu 1450 type veth peer name outside",
  "link set uplink up",
  "link set outside up",
  "address add 192.0.2.1/24 dev uplink",
  "address add 2001:db8::1/64 dev uplink nodad",
];
const DEFAULT = "route add default via 192.0.2.254";

interface Watched extends LinkedHost {
  readonly told: readonly PodMtu[];
}

function open(options: LinkedHostOptions = {}): Watched {
  const told: PodMtu[] = [];
  const host = opened.use(linkedHost({ before: UPLINK, mtuFound: (mtu) => told.push(mtu), ...options }));
  host.podCidrs = ["10.1.1.0/24", "fd00:0:0:1::/64"] as Cidr[];
  return Object.assign(host, { told });
}

function kept(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

async function becomes({ links, directory }: LinkedHost, mtu: number): Promise<void> {
  await until(() => links.mtu() === mtu && kept(join(directory, "mtu")) === `${mtu}`);
}

test("without a default route it is Ethernet's, with one it is its device's, and follows it", async () => {
  const host = open();
  await becomes(host, 1500);
  ip(host.namespace, DEFAULT);
  await becomes(host, 1450);
  ip(host.namespace, "link set uplink mtu 1400");
  await becomes(host, 1400);
  ip(host.namespace, "link set uplink mtu 9000");
  await becomes(host, 9000);
  ip(host.namespace, "link set uplink down");
  await becomes(host, 1500);
  expect(host.told.map(({ mtu, from }) => `${mtu} ${from}`)).toEqual([
    "1500 no uplink: 1500",
    "1450 uplink",
    "1400 uplink",
    "9000 uplink",
    "1500 no uplink: 1500",
  ]);
  expect(readdirSync(host.directory)).toEqual(["mtu"]);
  expect(host.troubles).toEqual([]);
});

test("a default route of IPv6 alone tells as well", async () => {
  const host = open();
  ip(host.namespace, "route add default via 2001:db8::fe");
  await becomes(host, 1450);
});

test.each([
  ["IPv4", "route add 10.1.2.0/24 via 10.1.2.0 dev flannel.1 onlink", "route del 10.1.2.0/24"],
  ["IPv6", "route add fd00:0:0:2::/64 dev flannel.1", "route del fd00:0:0:2::/64"],
])("a route to another node's pods, %s: the tunnel's counts while it is there", async (_, add, remove) => {
  const host = open({ before: [...UPLINK, DEFAULT, "link set uplink mtu 1500"] });
  await becomes(host, 1500);
  ip(
    host.namespace,
    "link add flannel.1 mtu 1450 type vxlan id 1 local 192.0.2.1 dev uplink dstport 8472",
    "link set flannel.1 up",
    "address add 10.1.1.0/32 dev flannel.1",
    add,
  );
  await becomes(host, 1450);
  ip(host.namespace, "link set flannel.1 mtu 1430");
  await becomes(host, 1430);
  ip(host.namespace, remove);
  await becomes(host, 1500);
});

test("what changes about the node's ranges is seen at the next look", async () => {
  const host = open({
    before: [...UPLINK, DEFAULT, "link set uplink mtu 9000"],
    mtu: { lookEveryMilliseconds: 1 },
  });
  ip(
    host.namespace,
    "link add wg0 mtu 1420 type vxlan id 2 local 192.0.2.1 dstport 8472",
    "link set wg0 up",
    "route add 10.7.0.0/20 via inet6 fe80::1 dev wg0",
  );
  await becomes(host, 9000);
  host.podCidrs = ["10.7.16.0/20" as Cidr];
  await becomes(host, 1420);
});

test("flannel's file counts at the moment of asking", async () => {
  const host = open({ before: [...UPLINK, DEFAULT], mtu: { lookEveryMilliseconds: 1 } });
  await becomes(host, 1450);
  const file = join(host.directory, "subnet.env");
  writeFileSync(file, "FLANNEL_NETWORK=10.1.0.0/16\nFLANNEL_MTU=1380\n");
  expect(host.links.mtu()).toBe(1380);
  await becomes(host, 1380);
  rmSync(file);
  expect(host.links.mtu()).toBe(1450);
  mkdirSync(file);
  await until(() => host.troubles.length > 0);
  expect(host.troubles).toEqual([`${file} tells no MTU for pods: it is no regular file`]);
  expect(host.links.mtu()).toBe(1450);
});

test("what people set is what it is", async () => {
  const host = open({ before: [...UPLINK, DEFAULT], mtu: { fixed: 1234 } });
  expect(host.links.mtu()).toBe(1234);
  await becomes(host, 1234);
});

test("after a reboot the one from before holds until the pods' network is there, or for a while", async () => {
  const state = join(open().directory, "state");
  writeFileSync(state, "1380");
  const host = open({ before: [...UPLINK, DEFAULT], mtu: { stateFile: state } });
  expect(host.links.mtu()).toBe(1380);
  await host.links.settled();
  expect([host.links.mtu(), host.told]).toEqual([1380, [{ mtu: 1380, from: "kept from the last run" }]]);
  ip(host.namespace, "route add 10.1.2.0/24 via 192.0.2.2");
  await until(() => host.links.mtu() === 1450);
  writeFileSync(state, "1380");
  const patient = open({
    before: [...UPLINK, DEFAULT],
    mtu: { stateFile: state, keptMilliseconds: 0, lookEveryMilliseconds: 1 },
  });
  await until(() => patient.links.mtu() === 1450 && readFileSync(state, "utf8") === "1450");
});

test("a directory that is missing is made; one that cannot be written is told once, and fails nothing", async () => {
  const { directory } = open();
  const made = open({ mtu: { stateFile: join(directory, "deep", "mtu") } });
  await until(() => existsSync(join(directory, "deep", "mtu")));
  expect(made.troubles).toEqual([]);
  writeFileSync(join(directory, "file"), "");
  const stuck = open({
    before: [...UPLINK, DEFAULT],
    mtu: { stateFile: join(directory, "file", "mtu"), lookEveryMilliseconds: 1 },
  });
  await until(() => stuck.troubles.length > 0);
  ip(stuck.namespace, "link set uplink mtu 1400");
  await until(() => stuck.links.mtu() === 1400);
  expect(stuck.troubles).toEqual([
    expect.stringMatching(
      /^the MTU of pods cannot be kept: .*(ENOTDIR|EEXIST).*; until it can, the first pods after a restart may get another one$/,
    ),
  ]);
  writeFileSync(join(directory, "garbage"), "auto\n");
  const strange = open({ mtu: { stateFile: join(directory, "garbage") } });
  expect(strange.troubles).toEqual([`${join(directory, "garbage")} is passed over: it holds no MTU`]);
  await until(() => readFileSync(join(directory, "garbage"), "utf8") === "1500");
});

test("events that were lost are made up for", async () => {
  const namespace = opened.use(NetworkNamespace.create());
  ip(namespace, ...UPLINK);
  const host = open({ before: [], namespace, follow: { receiveBufferBytes: 2304 } });
  const routes = Array.from(
    { length: 300 },
    (_, at) => `route replace 10.9.${at >> 8}.${at & 255} dev uplink`,
  );
  while (host.troubles.length === 0) {
    ip(namespace, ...routes);
    await Bun.sleep(1);
  }
  ip(namespace, DEFAULT);
  await becomes(host, 1450);
});
