import { expect, test } from "bun:test";
import { IpamError } from "../ipam/ipam-error.ts";
import { createTestNode, NETWORK, pod } from "./test-node.ts";

const noHelper = new IpamError("missingBinary", {
  tried: "find the plugin host-local",
  found: "none",
  next: "",
});
const ipam = (more: object): object => ({ ipam: { type: "host-local", ...more } });
const CIDR = { type: "host-local", subnet: "10.0.0.0/24" };

test.each<[Record<string, string>, object, number, string]>([
  [{ CNI_NETNS: "/nowhere" }, {}, 4, "there is nothing at /nowhere"],
  [{ CNI_NETNS: "/nowhere" }, { mtu: 1500, ipam: CIDR }, 4, "there is nothing at /nowhere"],
  [
    { CNI_IFNAME: "all" },
    {},
    4,
    'CNI_IFNAME is "all", which means every interface among the kernel\'s settings',
  ],
  [{}, { mtu: 67 }, 7, "mtu is 67; expected 0 or a whole number from 68 to 65535"],
  [
    {},
    ipam({ subnet: 7 }),
    7,
    "could not read the network's ipam: ipam.subnet is 7; expected text: a block, or usePodCidr",
  ],
  [
    {},
    ipam({ ranges: 7 }),
    7,
    "could not read the network's ipam: ipam.ranges is 7; expected a list of lists of ranges",
  ],
  [{}, ipam({}), 7, "could not read the network's ipam: no range is left to lease addresses from"],
])(
  "ADD: %j with %j is refused before anything is done, without an agent, too",
  async (given, network, code, msg) => {
    const node = createTestNode();
    node.agent = undefined;
    const { output } = await node.call("ADD", pod("c1", given), { ...NETWORK, ...network });
    expect(JSON.parse(output)).toMatchObject({ code, msg });
    expect(node.deeds).toEqual([]);
  },
);

test("ADD: without host-local nobody is asked", async () => {
  const node = createTestNode();
  node.failing.set("find host-local", noHelper);
  const { output } = await node.call("ADD", pod("c1"));
  expect(JSON.parse(output)).toMatchObject({ code: 103, msg: "could not find the plugin host-local: none" });
  expect(node.deeds).toEqual([]);
});

test.each([0, 67, 65_536, 1450.5])("ADD: an agent that tells an MTU of %d", async (mtu) => {
  const node = createTestNode();
  node.agent = ({ kind }) =>
    kind === "node" ? { kind, node: { name: "n-1", podCidrs: [], mtu } } : { kind: "deleted" };
  const { output } = await node.call("ADD", pod("c1"), { ...NETWORK, ipam: CIDR });
  expect(JSON.parse(output)).toEqual({
    cniVersion: "1.1.0",
    code: 7,
    msg: `mtu is 0, so the agent is asked, and says ${mtu}, which no link can have`,
    details: "set mtu in the network's configuration, or for the agent, whose log says where it is from",
  });
  expect([...node.records.keys(), ...node.leased.keys()]).toEqual([]);
});

test("ADD: a range of millions of letters is told of in few", async () => {
  const { output } = await createTestNode().call("ADD", pod("c1"), {
    ...NETWORK,
    ...ipam({ ranges: "7".repeat(5_000_000) }),
  });
  expect(JSON.parse(output)).toMatchObject({
    msg: `could not read the network's ipam: ipam.ranges is "${"7".repeat(199)}…; expected a list of lists of ranges`,
  });
});
