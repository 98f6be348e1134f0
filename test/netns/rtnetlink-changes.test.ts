import { afterEach, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { type NetworkChange } from "../../native/rtnetlink-change.ts";
import { NetworkNamespace } from "../../native/network-namespace.ts";
import { NetworkChangeError, Rtnetlink } from "../../native/rtnetlink.ts";
import { ip } from "./other-cni/commands.ts";

const MAC = "ee:ee:ee:ee:ee:ee";
const IPV4 = Uint8Array.of(10, 1, 0, 5);
const IPV6 = Uint8Array.fromHex("fd000000000000000000000000000005");
const GATEWAY = Uint8Array.of(169, 254, 1, 1);
const PROTOCOL = 116;

let opened = new DisposableStack();
afterEach(() => {
  opened.dispose();
  opened = new DisposableStack();
});

interface Side {
  readonly namespace: NetworkNamespace;
  readonly kernel: Rtnetlink;
}

function side(): Side {
  const namespace = opened.use(NetworkNamespace.create());
  return { namespace, kernel: opened.use(namespace.run(() => new Rtnetlink())) };
}

function addPair(host: Side, pod: Side, name: string, peer: string = "eth0"): void {
  const pair = { name, macAddress: MAC, mtu: 1450, peer: { name: peer, namespace: pod.namespace.fd } };
  host.kernel.change({ kind: "addVethPair", pair });
}

/** What the kernel says of changes, in its symbol and in ours. */
function refusal(kernel: Rtnetlink, ...changes: NetworkChange[]): string {
  try {
    kernel.change(...changes);
    return "";
  } catch (error) {
    if (error instanceof NetworkChangeError) return error.message;
    throw error;
  }
}

test("addVethPair makes both ends at once, each in its namespace, down, with name, MTU and hardware address", () => {
  const [host, pod] = [side(), side()];
  addPair(host, pod, "calia");
  const near = host.kernel.link({ name: "calia" });
  const far = pod.kernel.link({ name: "eth0" });
  expect(near).toMatchObject({ kind: "veth", mtu: 1450, macAddress: MAC, alias: "", up: false });
  expect(far).toMatchObject({ kind: "veth", mtu: 1450, up: false, operational: false });
  expect(near?.peer?.index).toBe(far?.index ?? -1);
  expect(far?.peer?.index).toBe(near?.index ?? -1);
  expect(host.kernel.namespaceId(pod.namespace.fd)).toBe(near?.peer?.namespaceId ?? -1);
  expect(host.kernel.namespaceId(host.namespace.fd)).toBeUndefined();
});

test("addVethPair makes nothing where either name is taken", () => {
  const [host, pod, other] = [side(), side(), side()];
  addPair(host, pod, "calia");
  const peer = { name: "eth1", namespace: pod.namespace.fd };
  const again: NetworkChange = {
    kind: "addVethPair",
    pair: { name: "calia", macAddress: MAC, mtu: 1450, peer },
  };
  expect(refusal(host.kernel, again)).toStartWith(
    'could not make the veth pair of "calia" and "eth1": File exists (EEXIST)',
  );
  const taken: NetworkChange = {
    kind: "addVethPair",
    pair: { name: "calib", macAddress: MAC, mtu: 1450, peer: { ...peer, name: "eth0" } },
  };
  expect(refusal(host.kernel, taken)).toContain("(EEXIST)");
  expect(host.kernel.link({ name: "calib" })).toBeUndefined();
  expect(pod.kernel.link({ name: "eth1" })).toBeUndefined();
  expect(refusal(other.kernel, again)).toBe("");
});

test("setLink changes what it names and leaves the rest", () => {
  const [host, pod] = [side(), side()];
  addPair(host, pod, "calia");
  const index = host.kernel.link({ name: "calia" })?.index ?? 0;
  const mode = (): string =>
    host.namespace.run(() => readFileSync("/proc/sys/net/ipv6/conf/calia/addr_gen_mode", "utf8").trim());
  expect(mode()).toBe("0");
  host.kernel.change({
    kind: "setLink",
    settings: { index, alias: "c".repeat(250), linkLocalAddress: false },
  });
  expect(mode()).toBe("1");
  expect(host.kernel.link({ index })).toMatchObject({ alias: "c".repeat(250), up: false, mtu: 1450 });
  host.kernel.change({ kind: "setLink", settings: { index, up: true, mtu: 1400 } });
  expect(host.kernel.link({ index })).toMatchObject({ alias: "c".repeat(250), up: true, mtu: 1400 });
  host.kernel.change({ kind: "setLink", settings: { index, up: false } });
  host.kernel.change({ kind: "setLink", settings: { index, name: "calib", linkLocalAddress: true } });
  expect(host.kernel.link({ index })).toMatchObject({ name: "calib", up: false });
  host.kernel.change({ kind: "deleteLink", index });
  expect(pod.kernel.link({ name: "eth0" })).toBeUndefined();
  expect(refusal(host.kernel, { kind: "deleteLink", index })).toBe(
    `could not delete interface number ${index}: No such device (ENODEV)`,
  );
});

test.each([
  ["IPv4", IPV4, 4, 32],
  ["IPv6", IPV6, 6, 128],
] as const)(
  "%s: addresses and routes come and go, and a route is its maker's",
  (_, address, family, prefixLength) => {
    const [host, pod] = [side(), side()];
    for (const name of ["calia", "calib"]) addPair(host, pod, name, name);
    const link = host.kernel.link({ name: "calia" })?.index ?? 0;
    const other = host.kernel.link({ name: "calib" })?.index ?? 0;
    for (const index of [link, other]) host.kernel.change({ kind: "setLink", settings: { index, up: true } });

    const own: NetworkChange = { kind: "addAddress", address: { link: other, address, prefixLength } };
    host.kernel.change(own);
    expect(host.kernel.addresses(other)).toContainEqual(address);
    expect(host.kernel.addresses(link)).not.toContainEqual(address);
    expect(refusal(host.kernel, own)).toContain("EEXIST");
    host.kernel.change({ ...own, kind: "deleteAddress" });
    expect(host.kernel.addresses(other)).not.toContainEqual(address);

    const route = { destination: address, prefixLength, link, scope: "link", protocol: PROTOCOL } as const;
    host.kernel.change({ kind: "addRoute", route });
    const mine = (): unknown =>
      host.kernel
        .routes({ family, table: 254, protocol: PROTOCOL })
        .map((found) => [found.destination, found.prefixLength, found.nextHops.map((hop) => hop.interface)]);
    expect(mine()).toEqual([[address, prefixLength, [link]]]);
    expect(host.kernel.routes({ family, table: 254, protocol: 3 })).toEqual([]);
    expect(host.kernel.routes({ family, table: 77 })).toEqual([]);
    expect(host.kernel.routes({ family, protocol: PROTOCOL, link: other })).toEqual([]);
    const elsewhere = { ...route, link: other };
    expect(refusal(host.kernel, { kind: "addRoute", route: elsewhere })).toContain("EEXIST");
    host.kernel.change({ kind: "replaceRoute", route: elsewhere });
    expect(mine()).toEqual([[address, prefixLength, [other]]]);
    expect(refusal(host.kernel, { kind: "deleteRoute", route: { ...elsewhere, protocol: 4 } })).toContain(
      "ESRCH",
    );
    host.kernel.change({ kind: "deleteRoute", route: elsewhere });
    expect(mine()).toEqual([]);
    ip(host.namespace, `route add ${family === 4 ? "10.9.0.0/16" : "fd09::/64"} dev calia table 1077`);
    expect(host.kernel.routes({ family, table: 1077 })).toHaveLength(1);
  },
);

test("a route by a gateway and a permanent neighbour, several changes in one call", () => {
  const [host, pod] = [side(), side()];
  addPair(host, pod, "calia");
  const link = pod.kernel.link({ name: "eth0" })?.index ?? 0;
  pod.kernel.change(
    { kind: "setLink", settings: { index: link, up: true } },
    { kind: "addAddress", address: { link, address: IPV4, prefixLength: 32 } },
    { kind: "addRoute", route: { destination: GATEWAY, prefixLength: 32, link, scope: "link" } },
    {
      kind: "addRoute",
      route: { destination: new Uint8Array(4), prefixLength: 0, link, gateway: GATEWAY },
    },
    { kind: "setNeighbour", neighbour: { link, address: GATEWAY, macAddress: MAC } },
  );
  expect(
    ip(pod.namespace, "route show")
      .split("\n")
      .map((line) => line.trim()),
  ).toEqual(["default via 169.254.1.1 dev eth0 linkdown", "169.254.1.1 dev eth0 scope link linkdown", ""]);
  expect(pod.kernel.neighbours(link)).toEqual([{ address: GATEWAY, macAddress: MAC, permanent: true }]);
  const [standard] = pod.kernel.routes({ family: 4, table: 254 }).filter((route) => route.prefixLength === 0);
  expect(standard?.nextHops).toEqual([{ interface: link, gateway: true, gatewayAddress: GATEWAY }]);
});

test("the first refused change is told, in the kernel's words, and later ones are carried out all the same", () => {
  const [host, pod] = [side(), side()];
  addPair(host, pod, "calia");
  const index = host.kernel.link({ name: "calia" })?.index ?? 0;
  expect(
    refusal(
      host.kernel,
      { kind: "addRoute", route: { destination: IPV4, prefixLength: 32, link: index } },
      { kind: "setLink", settings: { index, mtu: 9 } },
      { kind: "setLink", settings: { index, up: true } },
    ),
  ).toMatch(
    new RegExp(
      String.raw`^could not add the route to 10\.1\.0\.5/32 by interface number ${index}: Network is down \(ENETDOWN\)`,
    ),
  );
  expect(host.kernel.link({ index })).toMatchObject({ up: true, mtu: 1450 });
  expect(refusal(host.kernel, { kind: "setLink", settings: { index, mtu: 9 } })).toEndWith(
    "Invalid argument (EINVAL): mtu less than device minimum",
  );
});
