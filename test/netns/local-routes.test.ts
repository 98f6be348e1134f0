import { afterEach, expect, test } from "bun:test";
import { NetworkNamespace } from "../../native/network-namespace.ts";
import { ip, setSysctl } from "./other-cni/commands.ts";
import {
  hostRoutes,
  linkedHost,
  type LinkedHost,
  type LinkedHostOptions,
  NEVER,
  pods,
  until,
  veth,
} from "./pod-links/host.ts";

let opened = new DisposableStack();
afterEach(() => {
  opened.dispose();
  opened = new DisposableStack();
});

function open(options: LinkedHostOptions = {}): LinkedHost {
  return opened.use(
    linkedHost({ before: ["link set lo up", ...veth("cali1"), ...veth("cali2")], ...options }),
  );
}

/** What `hostRoutes` prints of a route of ours. */
function ours(address: string, link: string): string {
  return address.includes(":")
    ? `${address} dev ${link} proto 116`
    : `${address} dev ${link} proto 116 scope link`;
}

async function becomes(host: LinkedHost, ...routes: readonly string[]): Promise<void> {
  await until(() => Bun.deepEquals(hostRoutes(host), routes));
}

test("routes are made for IPv4 and IPv6, once, and nothing is looked at before the first wish", async () => {
  const host = open();
  ip(host.namespace, "route add 10.1.0.9 dev cali2 proto 116 scope link");
  await Bun.sleep(5);
  expect(hostRoutes(host)).toEqual([ours("10.1.0.9", "cali2")]);
  await host.want("web: cali1 10.1.0.5 fd00::5", "database: cali2 10.1.0.9");
  expect(hostRoutes(host)).toEqual([
    ours("10.1.0.5", "cali1"),
    ours("10.1.0.9", "cali2"),
    ours("fd00::5", "cali1"),
  ]);
  expect([host.conditions(), host.troubles]).toEqual([[], []]);
});

test.each([
  ["10.1.0.5", "10.1.0.0/16"],
  ["fd00::5", "fd00::/64"],
])("%s: what others delete or turn away comes back, beside wider routes", async (address, network) => {
  const host = open({ before: ["link set lo up", ...veth("cali1"), ...veth("cali2"), ...veth("other")] });
  ip(host.namespace, `route add ${network} dev other`);
  await host.want(`web: cali1 ${address}`);
  await becomes(host, ours(address, "cali1"));
  ip(host.namespace, `route del ${address}`);
  await becomes(host, ours(address, "cali1"));
  ip(host.namespace, `route replace ${address} dev cali2 proto 116`);
  await becomes(host, ours(address, "cali1"));
});

test("a route waits for its link, and comes back with it, whatever its number", async () => {
  const host = open({ before: ["link set lo up"] });
  await host.want("web: cali1 10.1.0.5 fd00::5");
  expect(hostRoutes(host)).toEqual([]);
  const both = [ours("10.1.0.5", "cali1"), ours("fd00::5", "cali1")];
  ip(host.namespace, "link add cali1 type veth peer name pcali1");
  await host.links.settled();
  expect(hostRoutes(host)).toEqual([]);
  ip(host.namespace, "link set cali1 up", "link set pcali1 up");
  await becomes(host, ...both);
  ip(host.namespace, "link set cali1 down");
  await becomes(host);
  ip(host.namespace, "link set cali1 up");
  await becomes(host, ...both);
  ip(host.namespace, "link del cali1", ...veth("cali1"));
  await becomes(host, ...both);
  ip(host.namespace, "link set cali1 name away", "link set pcali1 name paway");
  ip(host.namespace, ...veth("cali1"));
  await becomes(host, ...both);
  expect([host.conditions(), host.troubles]).toEqual([[], []]);
});

test("a pod that goes takes its routes along, one that moves leads them to its new interface", async () => {
  const host = open();
  await host.want("web: cali1 10.1.0.5 fd00::5", "database: cali2 10.1.0.9");
  await host.want("web: cali2 10.1.0.5", "database: cali1 10.1.0.9");
  expect(hostRoutes(host)).toEqual([ours("10.1.0.5", "cali2"), ours("10.1.0.9", "cali1")]);
  await host.want("other: cali1 10.1.0.5");
  expect(hostRoutes(host)).toEqual([ours("10.1.0.5", "cali1")]);
  await host.want();
  expect(hostRoutes(host)).toEqual([]);
});

test("routes that an earlier Calico made are right, and stay when their pod goes", async () => {
  const host = open();
  const boot = [
    "route add 10.1.0.5 dev cali1 proto boot scope link",
    "route add fd00::5 dev cali1 proto boot",
  ];
  ip(host.namespace, ...boot);
  const before = hostRoutes(host);
  await host.want("web: cali1 10.1.0.5 fd00::5");
  expect(hostRoutes(host)).toEqual(before);
  await host.want();
  expect(hostRoutes(host)).toEqual(before);
  expect([host.conditions(), host.troubles]).toEqual([[], []]);
});

test("a route of somebody else that holds an address is left alone and told, until it goes", async () => {
  const host = open();
  ip(
    host.namespace,
    "route add 10.1.0.5 dev cali2 proto static",
    "route add fd00::5 dev cali2 proto bird",
    "route add 10.1.0.6 dev cali2 proto static metric 50",
    "address add 10.1.0.7/32 dev lo",
    "route add blackhole 10.1.0.8",
  );
  const before = hostRoutes(host);
  await host.want("web: cali1 10.1.0.5 fd00::5 10.1.0.6", "node: cali1 10.1.0.7 10.1.0.8");
  expect(hostRoutes(host)).toEqual(before);
  const left = "it is left alone, so";
  const unreached = (address: string, pod: string) =>
    `notice: packets to ${address} do not reach pod shop/${pod} by its interface cali1`;
  expect(host.conditions()).toEqual([
    `${unreached("10.1.0.5", "web")}, and 1 more like it: a route of protocol static (4) by interface cali2 leads there; ` +
      `${left} see who made that route and remove it (ip route del 10.1.0.5)`,
    `${unreached("10.1.0.7", "node")}: the node itself has that address, or drops its packets; ` +
      `${left} take the address from the node, or the route away that drops it, or give the pod another one`,
    `${unreached("10.1.0.8", "node")}: another route or a rule for routes drops packets to it; ` +
      `${left} see what drops its packets (ip route get 10.1.0.8; ip rule)`,
    `${unreached("fd00::5", "web")}: a route of protocol bird (12) by interface cali2 leads there; ` +
      `${left} see who made that route and remove it (ip -6 route del fd00::5)`,
  ]);
  ip(
    host.namespace,
    "route del 10.1.0.5",
    "route del fd00::5",
    "route del 10.1.0.6",
    "address del 10.1.0.7/32 dev lo",
    "route del blackhole 10.1.0.8",
  );
  await until(() => host.conditions().length === 0);
  const addresses = ["10.1.0.5", "10.1.0.6", "10.1.0.7", "10.1.0.8", "fd00::5"];
  expect(hostRoutes(host)).toEqual(addresses.map((address) => ours(address, "cali1")));
});

test("a rule that leads past the main table is told", async () => {
  const host = open();
  await host.want("web: cali1 10.1.0.5");
  ip(host.namespace, "route add 10.1.0.5 dev cali2 table 77", "rule add to 10.1.0.5 lookup 77");
  await until(() => host.conditions().length === 1);
  expect(host.conditions()[0]).toContain(
    "a route of protocol boot (3) by interface cali2 in table 77 leads there",
  );
  expect(hostRoutes(host)).toEqual([ours("10.1.0.5", "cali1")]);
  ip(host.namespace, "rule del to 10.1.0.5 lookup 77");
  await until(() => host.conditions().length === 0);
});

test("leftovers of an earlier run go after a while, and nothing of others", async () => {
  const foreign = [
    "route add 10.1.0.6 dev cali2 proto static",
    "route add fd00::6 dev cali2 proto boot",
    "route add 10.1.0.7 dev cali2 proto boot scope link",
  ];
  const networks = [
    "route add 10.3.0.0/24 dev cali2 proto 116",
    "route add 10.1.0.8 dev cali2 proto 116 table 9",
  ];
  const host = open({ routes: { leftoverMilliseconds: 20 } });
  ip(host.namespace, ...foreign);
  const stays = hostRoutes(host);
  ip(
    host.namespace,
    ...networks,
    "route add 10.1.0.5 dev cali2 proto 116 scope link",
    "route add 10.1.0.9 dev cali2 proto 116 scope link",
    "route add fd00::9 dev cali2 proto 116",
  );
  await host.want("web: cali1 10.1.0.5");
  expect(hostRoutes(host)).toContain(ours("10.1.0.9", "cali2"));
  await until(() => hostRoutes(host).length === stays.length + 1);
  expect(hostRoutes(host).toSorted()).toEqual([...stays, ours("10.1.0.5", "cali1")].toSorted());
  expect(ip(host.namespace, "route show 10.3.0.0/24", "route show table 9")).toMatch(
    /10.3.0.0\/24[^]*10.1.0.8/,
  );
  expect(host.troubles.toSorted()).toEqual([
    "removed our route to 10.1.0.9 by cali2: no pod has the address",
    "removed our route to fd00::9 by cali2: no pod has the address",
  ]);
});

test("what the plugin has just made is left alone while the agent has not heard of the pod", async () => {
  const host = open({ routes: { leftoverMilliseconds: NEVER } });
  await host.want("web: cali1 10.1.0.5");
  // The address passes on: the plugin leads it to the next pod before the agent hears that the last one is gone.
  ip(
    host.namespace,
    "route replace 10.1.0.5 dev cali2 proto 116 scope link",
    "route add 10.1.0.6 dev cali2 proto 116 scope link",
  );
  await host.want();
  await until(
    () => hostRoutes(host).join() === [ours("10.1.0.5", "cali2"), ours("10.1.0.6", "cali2")].join(),
  );
  await host.want("next: cali2 10.1.0.5 10.1.0.6");
  expect(hostRoutes(host)).toEqual([ours("10.1.0.5", "cali2"), ours("10.1.0.6", "cali2")]);
});

test("an agent that starts again finds everything as it must be, and mends what happened meanwhile", async () => {
  const namespace = opened.use(NetworkNamespace.create());
  ip(namespace, "link set lo up", ...veth("cali1"), ...veth("cali2"));
  {
    using first = linkedHost({ namespace });
    await first.want("web: cali1 10.1.0.5 fd00::5", "database: cali2 10.1.0.9");
  }
  ip(namespace, "route del 10.1.0.5", "route add 10.1.0.7 dev cali1 proto 116 scope link");
  const second = opened.use(linkedHost({ namespace, routes: { leftoverMilliseconds: 1 } }));
  await second.want("web: cali1 10.1.0.5 fd00::5");
  await becomes(second, ours("10.1.0.5", "cali1"), ours("fd00::5", "cali1"));
});

test("what the kernel refuses is told, and done once it is taken", async () => {
  const host = open({ routes: { retryMilliseconds: 1 } });
  setSysctl(host.namespace, "net/ipv6/conf/cali1/disable_ipv6", "1");
  await host.want("web: cali1 fd00::5");
  expect(host.conditions().filter((text) => text.includes("fd00::5"))).toEqual([
    expect.stringMatching(
      /^notice: packets to fd00::5 do not reach pod shop\/web .*could not add the route to /,
    ),
  ]);
  setSysctl(host.namespace, "net/ipv6/conf/cali1/disable_ipv6", "0");
  await becomes(host, ours("fd00::5", "cali1"));
  await until(() => !host.conditions().some((text) => text.includes("fd00::5")));
});

test("events that are lost are made up for", async () => {
  const host = open({ follow: { receiveBufferBytes: 2304 } });
  const addresses = Array.from({ length: 200 }, (_, at) => `fd00::${(at + 1).toString(16)}`);
  await host.want(`web: cali1 ${addresses.join(" ")}`);
  while (!host.troubles.some((text) => text.startsWith("events of links and routes were lost (ENOBUFS"))) {
    ip(host.namespace, ...addresses.map((address) => `route replace ${address} dev cali2 proto 116`));
    await Bun.sleep(1);
  }
  await becomes(host, ...addresses.map((address) => ours(address, "cali1")));
});

test("thousands of routes: only what differs is written, and what is untouched costs nothing", async () => {
  const host = open();
  const lines = Array.from(
    { length: 2_000 },
    (_, at) => `pod${at}: cali1 10.2.${at >> 8}.${at & 255} fd02::${(at + 1).toString(16)}`,
  );
  await host.want(...lines);
  expect(hostRoutes(host)).toHaveLength(4_000);
  const monitored = pods(...lines);
  host.links.want(monitored, new Set());
  await host.links.settled();
  await host.want(...lines.slice(1_000));
  expect(hostRoutes(host)).toHaveLength(2_000);
});
