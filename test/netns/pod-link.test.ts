import { afterEach, expect, test } from "bun:test";
import { checkPodLink } from "../../dataplane/link/check-pod-link.ts";
import { GATEWAY_IPV6, type PodNetworkPlan } from "../../dataplane/link/pod-link.ts";
import { removePodLink } from "../../dataplane/link/remove-pod-link.ts";
import { ROUTE_PROTOCOL } from "../../dataplane/route/route-protocol.ts";
import { type Address, addressFamily } from "../../model/address.ts";
import type { Cidr } from "../../model/cidr.ts";
import { NetworkNamespace } from "../../native/network-namespace.ts";
import { Rtnetlink } from "../../native/rtnetlink.ts";
import { ip, readSysctl, setSysctl } from "./other-cni/commands.ts";
import { answers, createNode, NODE_ADDRESSES, openDescriptors, podPlan, wirePod } from "./pod-link/pods.ts";

const A = ["10.65.0.1", "fd00:65::1"];
const B = ["10.65.0.2", "fd00:65::2"];

let opened = new DisposableStack();
afterEach(() => {
  opened.dispose();
  opened = new DisposableStack();
});

function namespace(): NetworkNamespace {
  return opened.use(NetworkNamespace.create());
}

function node(): NetworkNamespace {
  return opened.use(createNode());
}

function wired(host: NetworkNamespace, name: string, addresses: readonly string[]): PodNetworkPlan {
  const plan = podPlan(namespace(), name, addresses);
  wirePod(host, plan);
  return plan;
}

function end(network: NetworkNamespace, addresses: readonly string[], family: 4 | 6) {
  const address = (addresses as Address[]).find((one) => addressFamily(one) === family);
  if (address === undefined) throw new Error(`no address of IPv${family}`);
  return { network, address };
}

/** How many parts of packets a namespace has sent. */
function fragments(network: NetworkNamespace, family: 4 | 6): number {
  const text = network
    .run(() => Bun.spawnSync(["cat", "/proc/self/net/snmp", "/proc/self/net/snmp6"]))
    .stdout.toString();
  if (family === 6) return Number(/^Ip6FragCreates\s+(\d+)/m.exec(text)?.[1]);
  const [names = [], values = []] = [...text.matchAll(/^Ip: (.*)$/gm)].map((match) => match[1]?.split(" "));
  return Number(values[names.indexOf("FragCreates")]);
}

function addressesOf(network: NetworkNamespace, name: string): string[] {
  const found = network
    .run(() => Bun.spawnSync(["ip", "-o", "address", "show", "dev", name]))
    .stdout.toString();
  return [...found.matchAll(/inet6? ([^ /]+)/g)].map((match) => match[1] ?? "");
}

function routes(network: NetworkNamespace): string[] {
  const shown = [4, 6].map((family) =>
    network.run(() => Bun.spawnSync(["ip", `-${family}`, "route", "show"])),
  );
  const lines = shown.flatMap(({ stdout }) => stdout.toString().split("\n"));
  return lines.map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("2001:db8:2::1 "));
}

function linkNamed(network: NetworkNamespace, name: string) {
  using kernel = network.run(() => new Rtnetlink());
  return kernel.link({ name });
}

test.each([4, 6] as const)(
  "IPv%d: packets flow between pods and node at once, without a default route",
  (family) => {
    const host = node();
    const [a, b] = [wired(host, "a", A), wired(host, "b", B)];
    const [inA, inB] = [end(a.namespace, A, family), end(b.namespace, B, family)];
    const onHost = end(host, NODE_ADDRESSES, family);
    const ways = [
      { from: inA, to: inB },
      { from: inA, to: onHost },
      { from: onHost, to: inB },
    ];
    expect(ways.map(answers)).toEqual([true, true, true]);
    // Both sides ask anew whom the addresses belong to; what is permanent stays.
    for (const network of [host, a.namespace, b.namespace]) ip(network, "neighbour flush all");
    expect(ways.map(answers)).toEqual([true, true, true]);
    using kernel = host.run(() => new Rtnetlink());
    expect(kernel.routes({ family, table: 254 }).filter((route) => route.prefixLength === 0)).toEqual([]);
  },
);

test.each([
  [4, 28],
  [6, 48],
] as const)("IPv%d: packets as large as the MTU pass whole, larger ones in parts", (family, headers) => {
  const host = node();
  const [a, b] = [wired(host, "a", A), wired(host, "b", B)];
  const way = { from: end(a.namespace, A, family), to: end(b.namespace, B, family) };
  expect([a, b].map(({ namespace: pod }) => linkNamed(pod, "eth0")?.mtu)).toEqual([1450, 1450]);
  expect([a, b].map(({ hostInterface }) => linkNamed(host, hostInterface)?.mtu)).toEqual([1450, 1450]);
  expect(answers({ ...way, bytes: 1450 - headers })).toBe(true);
  expect(fragments(a.namespace, family)).toBe(0);
  expect(answers({ ...way, bytes: 1450 - headers + 1 })).toBe(true);
  expect(fragments(a.namespace, family)).toBe(2);
});

test("both ends are as Calico's, the host end is marked, and checkPodLink has nothing to say", () => {
  const host = node();
  const plan = podPlan(namespace(), "a", A);
  const made = wirePod(host, plan);
  const { hostInterface, containerId } = plan;
  expect(linkNamed(host, hostInterface)).toMatchObject({
    index: made.hostIndex,
    kind: "veth",
    alias: containerId,
    macAddress: "ee:ee:ee:ee:ee:ee",
    up: true,
    operational: true,
  });
  expect(linkNamed(plan.namespace, "eth0")).toMatchObject({
    index: made.podIndex,
    macAddress: made.podMac,
    up: true,
    operational: true,
  });
  expect(linkNamed(plan.namespace, "lo")?.up).toBe(true);
  expect(routes(plan.namespace)).toEqual([
    "default via 169.254.1.1 dev eth0",
    "169.254.1.1 dev eth0 scope link",
    "fd00:65::1 dev eth0 proto kernel metric 256 pref medium",
    "fe80::/64 dev eth0 proto kernel metric 256 pref medium",
    "default via fe80::ecee:eeff:feee:eeee dev eth0 metric 1024 pref medium",
  ]);
  expect(routes(host)).toContain(`10.65.0.1 dev ${hostInterface} proto ${ROUTE_PROTOCOL} scope link`);
  expect(routes(host)).toContain(
    `fd00:65::1 dev ${hostInterface} proto ${ROUTE_PROTOCOL} metric 1024 pref medium`,
  );
  expect(addressesOf(host, hostInterface)).toEqual(["fe80::ecee:eeff:feee:eeee"]);
  expect(host.run(() => checkPodLink(plan))).toEqual([]);
});

test("the first packet of IPv6 is answered at once: the host knows its own address before", () => {
  const host = node();
  // Without waiting for it, one in eight pods was too early.
  for (let at = 1; at <= 16; at++) {
    const address = `fd00:65::${at}`;
    const plan = podPlan(namespace(), `pod${at}`, [address]);
    const { hostIndex } = wirePod(host, plan);
    expect(answers({ from: end(host, NODE_ADDRESSES, 6), to: end(plan.namespace, [address], 6) })).toBe(true);
    using kernel = host.run(() => new Rtnetlink());
    expect(kernel.neighbours(hostIndex).map(({ address: known }) => known)).not.toContainEqual(GATEWAY_IPV6);
  }
});

test("a pod of IPv4 alone is closed for IPv6 at both ends", () => {
  const host = node();
  const plan = wired(host, "a", ["10.65.0.1"]);
  expect(readSysctl(host, `net/ipv6/conf/${plan.hostInterface}/disable_ipv6`)).toBe("1");
  expect(readSysctl(plan.namespace, "net/ipv6/conf/eth0/disable_ipv6")).toBe("1");
  expect(readSysctl(host, `net/ipv6/conf/${plan.hostInterface}/accept_ra`)).toBe("0");
  expect(readSysctl(plan.namespace, "net/ipv6/conf/eth0/accept_ra")).toBe("0");
  expect(addressesOf(host, plan.hostInterface)).toEqual([]);
  expect(addressesOf(plan.namespace, "eth0")).toEqual(["10.65.0.1"]);
  expect(host.run(() => checkPodLink(plan))).toEqual([]);
  expect(answers({ from: end(host, NODE_ADDRESSES, 4), to: end(plan.namespace, ["10.65.0.1"], 4) })).toBe(
    true,
  );
});

test("a pod of IPv6 alone has no route of IPv4, and one whose runtime closed IPv6 is opened", () => {
  const host = node();
  const plan = podPlan(namespace(), "a", ["fd00:65::1"]);
  for (const name of ["all", "default"]) setSysctl(plan.namespace, `net/ipv6/conf/${name}/disable_ipv6`, "1");
  wirePod(host, plan);
  expect(routes(plan.namespace).filter((line) => line.includes("169.254."))).toEqual([]);
  expect(addressesOf(plan.namespace, "lo")).toEqual(["127.0.0.1", "::1"]);
  expect(answers({ from: end(host, NODE_ADDRESSES, 6), to: end(plan.namespace, ["fd00:65::1"], 6) })).toBe(
    true,
  );
});

test.each([
  [false, "0"],
  [true, "1"],
])("allowForwarding %p decides whether the pod passes packets on", (allowForwarding, value) => {
  const host = node();
  const plan = podPlan(namespace(), "a", A, { allowForwarding });
  setSysctl(plan.namespace, "net/ipv4/ip_forward", allowForwarding ? "0" : "1");
  wirePod(host, plan);
  expect(readSysctl(plan.namespace, "net/ipv4/ip_forward")).toBe(value);
  expect(readSysctl(plan.namespace, "net/ipv6/conf/all/forwarding")).toBe(value);
});

test("destinations replace the default route", () => {
  const host = node();
  const plan = podPlan(namespace(), "a", A, { destinations: ["192.0.2.0/24", "2001:db8:2::/48"] as Cidr[] });
  wirePod(host, plan);
  expect(routes(plan.namespace).filter((line) => line.includes(" via "))).toEqual([
    "192.0.2.0/24 via 169.254.1.1 dev eth0",
    "2001:db8:2::/48 via fe80::ecee:eeff:feee:eeee dev eth0 metric 1024 pref medium",
  ]);
  expect(host.run(() => checkPodLink(plan))).toEqual([]);
});

test("wiring and removing leaves no descriptor, no interface and no route behind", () => {
  const host = node();
  const pod = namespace();
  const plan = podPlan(pod, "a", A);
  const before = openDescriptors();
  for (let round = 0; round < 10; round++) {
    wirePod(host, plan);
    expect(() => wirePod(host, plan)).toThrow("already");
    expect(host.run(() => removePodLink(plan))).toBe("removed");
  }
  // Bun closes some of its own.
  expect(openDescriptors()).toBeLessThanOrEqual(before);
  expect(linkNamed(host, plan.hostInterface)).toBeUndefined();
  expect(linkNamed(pod, "eth0")).toBeUndefined();
  expect(routes(host)).toEqual([]);
});
