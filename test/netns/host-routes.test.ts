import { afterEach, expect, test } from "bun:test";
import { followHost, type FollowedHost, type FollowHostOptions } from "../../dataplane/route/follow-host.ts";
import type { Address } from "../../model/address.ts";
import { openRtnetlinkEvents, type RtnetlinkEventsOptions } from "../../native/rtnetlink-events.ts";
import { NetworkNamespace } from "../../native/network-namespace.ts";
import { ip } from "./other-cni/commands.ts";

/** Longer than any test: what is seen is seen by events. */
const NEVER = 3_600_000;

interface Followed {
  readonly namespace: NetworkNamespace;
  readonly host: FollowedHost;
  /** How often something was said to have changed. */
  readonly changes: () => number;
  readonly troubles: readonly string[];
}

let opened = new DisposableStack();
afterEach(() => {
  opened.dispose();
  opened = new DisposableStack();
});

function follow(options: Partial<FollowHostOptions> = {}): Followed {
  const namespace = opened.use(NetworkNamespace.create());
  const { openEvents = openRtnetlinkEvents } = options;
  let changes = 0;
  const troubles: string[] = [];
  ip(namespace, "link set lo up", ...["va", "vb"].flatMap(veth));
  const host = namespace.run(() =>
    followHost({
      changed: () => void changes++,
      trouble: (text) => troubles.push(text),
      gatherMilliseconds: 0,
      pauseMilliseconds: 0,
      lookAgainMilliseconds: NEVER,
      retryMilliseconds: 1,
      ...options,
      openEvents: (events) => namespace.run(() => openEvents(events)),
    }),
  );
  return { namespace, host: opened.use(host), changes: () => changes, troubles };
}

function veth(name: string): string[] {
  return [
    `link add ${name} type veth peer name peer-${name}`,
    `link set ${name} up`,
    `link set peer-${name} up`,
  ];
}

/** `INTERFACE/PREFIX LENGTH`, with what is odd about the route. */
function routeText(host: FollowedHost, address: string): string {
  const route = host.routeOf(address as Address);
  if (route === undefined) return "none";
  return `${route.link?.name}/${route.prefixLength}${route.direct ? "" : " indirect"}`;
}

/** Waits until a change was told after which it holds; the test's own timeout ends it. */
async function becomes({ host, changes }: Followed, address: string, text: string): Promise<void> {
  let seen = -1;
  for (;;) {
    const now = changes();
    if (now !== seen && routeText(host, address) === text) return;
    seen = now;
    await Bun.sleep(1);
  }
}

test.each([
  ["IPv4", "10.1.0.5", "10.1.0.5/32", "10.1.0.0/24"],
  ["IPv6", "fd00::5", "fd00::5/128", "fd00::/64"],
])("%s: routes that come, are replaced and go are told", async (_, address, own, network) => {
  const followed = follow();
  const { namespace, host } = followed;
  expect(routeText(host, address)).toBe("none");
  ip(namespace, `route add ${network} dev vb`);
  await becomes(followed, address, `vb/${network.split("/")[1]}`);
  ip(namespace, `route add ${own} dev va`);
  await becomes(followed, address, `va/${own.split("/")[1]}`);
  ip(namespace, `route replace ${own} dev vb`);
  await becomes(followed, address, `vb/${own.split("/")[1]}`);
  ip(namespace, `route del ${own}`, `route del ${network}`);
  await becomes(followed, address, "none");
});

test.each([
  ["10.1.0.5", "32"],
  ["fd00::5", "128"],
])("%s: an interface that is renamed, set down or deleted is told", async (address, length) => {
  const followed = follow();
  const { namespace } = followed;
  ip(namespace, `route add ${address} dev va`);
  await becomes(followed, address, `va/${length}`);
  ip(namespace, "link set va name vc");
  await becomes(followed, address, `vc/${length}`);
  ip(namespace, "link set vc down");
  await becomes(followed, address, "none");
  ip(namespace, "link set vc up", `route add ${address} dev vc`);
  await becomes(followed, address, `vc/${length}`);
  ip(namespace, "link del vc");
  await becomes(followed, address, "none");
});

test("an interface of an old name with another number is the new one", async () => {
  const followed = follow();
  ip(followed.namespace, "route add 10.1.0.5 dev va");
  await becomes(followed, "10.1.0.5", "va/32");
  ip(
    followed.namespace,
    "link del va",
    "link add va type bridge",
    "link set va up",
    "route add 10.1.0.5 dev va",
  );
  for (;;) {
    if (followed.host.routeOf("10.1.0.5" as Address)?.link?.kind === "bridge") break;
    await Bun.sleep(1);
  }
});

test("a port that joins and leaves a bridge, and the bridge's own switches", async () => {
  const followed = follow();
  const { namespace, host } = followed;
  ip(
    namespace,
    "link add br0 type bridge",
    "link set br0 up",
    "route add 10.1.0.5 dev va",
    "route add 10.2.0.0/24 dev br0",
  );
  const master = () => host.routeOf("10.1.0.5" as Address)?.link?.master;
  const bridge = () => host.routeOf("10.2.0.5" as Address)?.link;
  expect(bridge()).toMatchObject({ name: "br0", kind: "bridge", callsHooks: { ipv4: false, ipv6: false } });
  ip(namespace, "link set va master br0");
  while (master() !== bridge()?.index) await Bun.sleep(1);
  ip(namespace, "link set va nomaster");
  while (master() !== undefined) await Bun.sleep(1);
  ip(namespace, "link set br0 type bridge nf_call_iptables 1");
  while (bridge()?.callsHooks.ipv4 !== true) await Bun.sleep(1);
});

test("what is no way of its own is told apart", () => {
  const { namespace, host } = follow();
  ip(
    namespace,
    "address add 10.9.0.1/24 dev vb",
    "route add 10.1.0.0/24 via 10.9.0.9",
    "route add 10.2.0.1 nexthop dev va nexthop dev vb",
    "route add blackhole 10.3.0.0/24",
    "route add unreachable fd03::/64",
    "route add 10.4.0.1 via inet6 fe80::1 dev va",
    "nexthop add id 7 dev va",
    "route add 10.5.0.1 nhid 7",
    "nexthop add id 8 via fe80::1 dev va",
    "route add fd05::1 nhid 8",
  );
  const texts = [
    "10.1.0.5",
    "10.2.0.1",
    "10.3.0.1",
    "fd03::1",
    "10.4.0.1",
    "10.5.0.1",
    "fd05::1",
    "10.9.0.1",
    "10.9.0.7",
  ];
  expect(texts.map((address) => `${address} ${routeText(host, address)}`)).toEqual([
    "10.1.0.5 vb/24 indirect",
    "10.2.0.1 undefined/32 indirect",
    "10.3.0.1 none",
    "fd03::1 none",
    "10.4.0.1 va/32 indirect",
    "10.5.0.1 va/32",
    "fd05::1 va/128 indirect",
    "10.9.0.1 none",
    "10.9.0.7 vb/24",
  ]);
});

test("a route of the scope that ptp gives it is found", () => {
  const { namespace, host } = follow();
  ip(namespace, "address add 10.9.0.1/32 dev va", "route add 10.1.0.5/32 dev va scope host src 10.9.0.1");
  expect(routeText(host, "10.1.0.5")).toBe("va/32");
});

test("a rule for routes that leads elsewhere is obeyed, and told", async () => {
  const followed = follow();
  ip(followed.namespace, "route add 10.1.0.5 dev va", "route add 10.1.0.5 dev vb table 77");
  await becomes(followed, "10.1.0.5", "va/32");
  ip(followed.namespace, "rule add to 10.1.0.5 lookup 77");
  await becomes(followed, "10.1.0.5", "vb/32");
});

test("a thousand routes at once", async () => {
  const followed = follow();
  const addresses = Array.from({ length: 1_000 }, (_, at) => `10.2.${at >> 8}.${at & 255}`);
  ip(followed.namespace, ...addresses.map((address) => `route add ${address} dev va`));
  for (const address of addresses) await becomes(followed, address, "va/32");
  ip(followed.namespace, ...addresses.map((address) => `route replace ${address} dev vb`));
  for (const address of addresses) await becomes(followed, address, "vb/32");
  expect(followed.troubles).toEqual([]);
});

test("events that were lost are made up for, again and again", async () => {
  const followed = follow({ receiveBufferBytes: 2304 });
  const { namespace, troubles } = followed;
  // With so small a buffer a new socket may break before it has proved itself; then it is tried again.
  const lost = () =>
    troubles.filter((text) => text.startsWith("events of routes and links were lost (ENOBUFS"));
  const addresses = Array.from({ length: 300 }, (_, at) => `fd00::${(at + 1).toString(16)}`);
  for (const [round, device] of ["va", "vb", "va"].entries()) {
    const routes = addresses.map((address) => `route replace ${address} dev ${device}`);
    ip(namespace, ...routes);
    for (const address of addresses) await becomes(followed, address, `${device}/128`);
    while (lost().length <= round) {
      ip(namespace, ...routes);
      await Bun.sleep(1);
    }
  }
  expect(lost()[0]).toEndWith("): all are looked at again");
});

test("events that cannot be had are tried again; until then it looks now and then", async () => {
  let tries = 0;
  const { promise: opening, resolve } = Promise.withResolvers<void>();
  const openEvents = (options: RtnetlinkEventsOptions): Promise<Disposable> => {
    if (tries++ < 3) return Promise.reject(new Error("no socket"));
    resolve();
    return openRtnetlinkEvents(options);
  };
  const followed = follow({ openEvents, lookAgainMilliseconds: 5 });
  ip(followed.namespace, "route add 10.1.0.5 dev va");
  await becomes(followed, "10.1.0.5", "va/32");
  await opening;
  expect(followed.troubles).toEqual(
    Array.from(
      { length: 3 },
      () => "routes and links cannot be followed, they are looked at every 5 ms: no socket",
    ),
  );
});

test("links by name", () => {
  const { namespace, host } = follow();
  ip(namespace, "link add kube-ipvs0 type bridge");
  expect(host.linkNamed("kube-ipvs0")).toMatchObject({ name: "kube-ipvs0", kind: "bridge" });
  expect(host.linkNamed("nobody")).toBeUndefined();
  expect(host.linkNamed("a-name-that-is-too-long")).toBeUndefined();
});

test("after closing nothing is told", async () => {
  const { namespace, host, changes } = follow();
  while (changes() === 0) await Bun.sleep(1);
  host[Symbol.dispose]();
  const before = changes();
  ip(namespace, "route add 10.1.0.5 dev va");
  await Bun.sleep(5);
  expect(changes()).toBe(before);
});
