import { expect, test } from "bun:test";
import { dirname } from "node:path";
import { type CallOptions, CniNode } from "./cni/cni-node.ts";

const NETNS = "/run/netns/no-such-namespace";
const HOST_LOCAL = { type: "host-local" };

/** The time-out is a minute, so what waits for the agent fails by the test's own. */
test.each<[string, CallOptions, object]>([
  [
    "a network namespace that is not there",
    { environment: { CNI_NETNS: NETNS } },
    {
      code: 4,
      msg: `could not open the network namespace "${NETNS}": there is nothing at this path (ENOENT); whoever made it has taken it away: the sandbox is gone, or the path is wrong`,
    },
  ],
  [
    "a file that is no namespace",
    { environment: { CNI_NETNS: "/etc/passwd" } },
    {
      code: 4,
      msg: 'could not open the network namespace "/etc/passwd": what is there is no network namespace; give the path of one, for example /var/run/netns/NAME or /proc/PID/ns/net',
    },
  ],
  [
    "the host's own namespace",
    { environment: { CNI_NETNS: "/proc/self/ns/net" } },
    {
      code: 4,
      msg: 'CNI_NETNS is "/proc/self/ns/net", which is the host\'s own network namespace',
      details: "a pod on the host's network needs no plugin",
    },
  ],
  [
    "an interface that the kernel means something else by",
    { environment: { CNI_IFNAME: "all" } },
    { code: 4, msg: 'CNI_IFNAME is "all", which means every interface among the kernel\'s settings' },
  ],
  [
    "no host-local",
    { environment: { CNI_PATH: "/nowhere" } },
    {
      code: 103,
      msg: `could not find the plugin host-local: none in /nowhere, ${dirname(process.execPath)}`,
    },
  ],
  [
    "a subnet that is none",
    { network: { ipam: { ...HOST_LOCAL, subnet: 7 } } },
    {
      code: 7,
      msg: "could not read the network's ipam: ipam.subnet is 7; expected text: a block, or usePodCidr",
    },
  ],
  [
    "ranges that are none",
    { network: { ipam: { ...HOST_LOCAL, ranges: 7 }, mtu: 1400 } },
    {
      code: 7,
      msg: "could not read the network's ipam: ipam.ranges is 7; expected a list of lists of ranges",
    },
  ],
  [
    "no subnet",
    { network: { ipam: HOST_LOCAL } },
    { code: 7, msg: "could not read the network's ipam: no range is left to lease addresses from" },
  ],
])("without an agent: %s is told at once", async (_, options, told) => {
  using node = new CniNode();
  node.agent.stop();
  const network = { policy_setup_timeout_seconds: 3_600, ...options.network };
  const container = node.container("c-a");
  const { output } = await node.call("ADD", container, { ...options, network });
  expect(output).toMatchObject(told);
  expect(node.traces()).toEqual([]);
});

test("an MTU below IPv6's least wires a pod without IPv6, and is refused by name to one with it", async () => {
  using node = new CniNode();
  const container = node.container("c-a");
  const mtu = { network: { mtu: 576 } };
  const { exitCode, output } = await node.call("ADD", container, mtu);
  expect(exitCode).toBe(0);
  const checked = await node.call("CHECK", container, { network: { mtu: 576, prevResult: output } });
  expect(checked).toEqual({ exitCode: 0, output: undefined, complaint: "" });
  expect((await node.call("DEL", container, mtu)).exitCode).toBe(0);
  const subnet = "fd00:1::/64";
  const ipam = { type: "host-local", subnet, dataDir: node.leases };
  const refused = await node.call("ADD", container, { network: { mtu: 1279, ipam } });
  expect(refused.output).toMatchObject({
    code: 7,
    msg:
      "could not give fd00:1::2 to the container: mtu is 1279, and IPv6 needs 1280 at least; set a larger mtu in the " +
      "network's configuration, or for the agent where it says 0; or give the node no IPv6 podCIDR",
  });
  expect(node.traces()).toEqual([]);
});

test.each(["blackhole", "unreachable", "prohibit"])("a %s route to the pod's address", async (kind) => {
  using node = new CniNode();
  node.host.run(() => Bun.spawnSync(["ip", "route", "add", kind, "10.1.0.2"]));
  expect((await node.call("ADD", node.container("c-a"))).output).toMatchObject({
    code: 102,
    msg: `could not lead 10.1.0.2 to the container: the host has a ${kind} route to it; delete it: ip route del ${kind} 10.1.0.2`,
  });
  expect(node.traces()).toEqual([]);
});

test.each(["nonsense", "K8S_POD_NAME=c-a", "K8S_POD_NAMESPACE=x;K8S_POD_NAME=c-a;IP=?"])(
  "DEL with CNI_ARGS %j takes everything away",
  async (CNI_ARGS) => {
    using node = new CniNode();
    const container = node.container("c-a");
    expect((await node.call("ADD", container)).exitCode).toBe(0);
    const { exitCode, output, complaint } = await node.call("DEL", container, { environment: { CNI_ARGS } });
    expect({ exitCode, output }).toEqual({ exitCode: 0, output: undefined });
    expect(complaint).toStartWith("tortie cni: warning: CNI_ARGS h");
    expect(node.traces()).toEqual([]);
    expect((await node.call("DEL", container, { environment: { CNI_ARGS } })).exitCode).toBe(0);
  },
);
