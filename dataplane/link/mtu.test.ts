import { expect, test } from "bun:test";
import { type Address, addressBytes } from "../../model/address.ts";
import type { Cidr } from "../../model/cidr.ts";
import type { Link } from "../../native/link-message.ts";
import type { RouteMessage } from "../../native/route-message.ts";
import { link as testLink } from "../route/test-host.ts";
import { DEFAULT_MTU, flannelMtu, linkMtu, parseMtu, podMtu } from "./mtu.ts";

const LINKS: readonly Link[] = [
  testLink("eth0", { index: 1, kind: "", mtu: 1500 }),
  testLink("eth1", { index: 2, kind: "", mtu: 9000 }),
  testLink("flannel.1", { index: 3, kind: "vxlan", mtu: 1450 }),
  testLink("wg0", { index: 4, kind: "wireguard", mtu: 1420 }),
  testLink("cali1", { index: 5, kind: "veth", mtu: 1400 }),
  testLink("broken", { index: 6, kind: "", mtu: 0 }),
];
const CIDRS = ["10.1.1.0/24", "fd00:0:0:1::/64"] as Cidr[];

/** `10.1.2.0/24 dev flannel.1 via`; `via`: by a gateway. Several ways: `dev A via dev B`. */
function route(text: string): RouteMessage {
  const [destination = "", ...ways] = text.replace(" kernel", "").split(" dev ");
  const [address = "", length] = (destination === "default" ? "0.0.0.0/0" : destination).split("/");
  return {
    destination: addressBytes(address as Address),
    prefixLength: Number(length),
    unicast: ways.length > 0,
    nextHops: ways.map((way) => {
      const [name, via] = way.split(" ");
      const index = LINKS.find((link) => link.name === name)?.index ?? 99;
      return { interface: index, gateway: via === "via", gatewayAddress: undefined };
    }),
    protocol: text.endsWith(" kernel") ? 2 : 3,
    table: 254,
    scopeLink: false,
  };
}

function found(...routes: readonly string[]): string {
  const link = (index: number): Link | undefined => LINKS.find((one) => one.index === index);
  const mtu = linkMtu({ routes: routes.map(route), link, podCidrs: CIDRS });
  return mtu === undefined ? "nothing" : `${mtu.mtu} ${mtu.from}${mtu.podNetwork ? "" : " alone"}`;
}

test.each([
  ["no route", [], "nothing"],
  ["the default route", ["default dev eth0 via"], "1500 eth0 alone"],
  ["the default route of IPv6", ["::/0 dev eth1 via"], "9000 eth1 alone"],
  ["both", ["default dev eth1 via", "::/0 dev eth0 via"], "1500 eth0 alone"],
  ["several ways", ["default dev eth1 via dev eth0 via"], "1500 eth0 alone"],
  ["another node's pods by a gateway", ["default dev eth1 via", "10.1.2.0/24 dev eth0 via"], "1500 eth0"],
  ["by a tunnel", ["default dev eth0 via", "10.1.2.0/24 dev wg0"], "1420 wg0"],
  ["by a tunnel and a gateway", ["default dev eth0 via", "10.1.2.0/24 dev flannel.1 via"], "1450 flannel.1"],
  ["over IPv6", ["::/0 dev eth0 via", "fd00:0:0:2::/64 dev wg0"], "1420 wg0"],
  ["the larger tunnel's does not count", ["default dev eth0 via", "10.1.2.0/24 dev eth1 via"], "1500 eth0"],
  ["a network of a link", ["default dev eth1 via", "10.1.2.0/24 dev eth0"], "9000 eth1 alone"],
  ["a tunnel's own network", ["default dev eth0 via", "fe80::/64 dev wg0 kernel"], "1500 eth0 alone"],
  ["the node's own pods", ["default dev eth0 via", "10.1.1.0/24 dev flannel.1 via"], "1500 eth0 alone"],
  ["another length", ["default dev eth0 via", "10.1.0.0/16 dev wg0"], "1500 eth0 alone"],
  ["the other family's length", ["default dev eth0 via", "10.1.2.0/25 dev wg0"], "1500 eth0 alone"],
  ["a pod's interface", ["default dev eth0 via", "10.1.2.0/24 dev cali1 via"], "1500 eth0 alone"],
  ["what is no way", ["default dev eth0 via", "10.1.2.0/24"], "1500 eth0 alone"],
  ["a link that is gone", ["default dev eth9 via"], "nothing"],
  ["a link without an MTU", ["default dev broken via", "::/0 dev eth0 via"], "1500 eth0 alone"],
])("%s", (_, routes, expected) => {
  expect(found(...routes)).toBe(expected);
});

const FROM_LINKS = { mtu: 1500, from: "eth0", podNetwork: false, links: new Set<number>() };
const NOTHING = { fixed: undefined, flannel: undefined, links: undefined, kept: undefined };

test.each([
  ["nothing", NOTHING, { mtu: DEFAULT_MTU, from: "no uplink: 1500" }],
  [
    "what people set, above all",
    { fixed: 9000, flannel: 1450, links: FROM_LINKS, kept: 1400 },
    { mtu: 9000, from: "CNI_MTU" },
  ],
  ["flannel's", { ...NOTHING, flannel: 1450, links: FROM_LINKS }, { mtu: 1450, from: "FLANNEL_MTU" }],
  [
    "a link's that is smaller than flannel's",
    { ...NOTHING, flannel: 8950, links: FROM_LINKS },
    { mtu: 1500, from: "eth0" },
  ],
  [
    "the one from before, while flannel is not there",
    { ...NOTHING, links: FROM_LINKS, kept: 1450 },
    { mtu: 1450, from: "kept from the last run" },
  ],
  ["but no larger one", { ...NOTHING, links: FROM_LINKS, kept: 8950 }, { mtu: 1500, from: "eth0" }],
  [
    "nor against flannel",
    { ...NOTHING, flannel: 1450, links: FROM_LINKS, kept: 1400 },
    { mtu: 1450, from: "FLANNEL_MTU" },
  ],
  [
    "nor against a route to pods",
    { ...NOTHING, links: { ...FROM_LINKS, podNetwork: true }, kept: 1400 },
    { mtu: 1500, from: "eth0" },
  ],
  [
    "without anything else it holds, larger too",
    { ...NOTHING, kept: 8950 },
    { mtu: 8950, from: "kept from the last run" },
  ],
])("the MTU of pods: %s", (_, sources, expected) => {
  expect(podMtu(sources)).toEqual(expected);
});

test.each([
  ["FLANNEL_NETWORK=10.1.0.0/16\nFLANNEL_SUBNET=10.1.1.1/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n", 1450],
  ['FLANNEL_MTU="1450"', 1450],
  ["FLANNEL_MTU=1450 \r\n", 1450],
  ["FLANNEL_MTU=\n", undefined],
  ["FLANNEL_MTU=145O", undefined],
  ["FLANNEL_MTU=67", undefined],
  ["FLANNEL_MTU=65536", undefined],
  ["#FLANNEL_MTU=1450", undefined],
  ["", undefined],
])("flannel's file %j", (text, expected) => {
  expect(flannelMtu(text)).toBe(expected);
});

test.each([
  ["1450", 1450],
  ["1450\n", 1450],
  ["", undefined],
  ["auto", undefined],
  ["-1", undefined],
  ["0", undefined],
  ["1e3", undefined],
])("a kept file %j", (text, expected) => {
  expect(parseMtu(text)).toBe(expected);
});
