import { expect, test } from "bun:test";
import { podInterfaceName } from "../../model/fingerprint.ts";
import { answers } from "./pod-link/pods.ts";
import { type Container, CniNode } from "./cni/cni-node.ts";
import { ip } from "./other-cni/commands.ts";
import type { Address } from "../../model/address.ts";

const FAMILIES = [
  ["IPv4", ["10.1.0.0/24"], ["10.1.0.2/32"]],
  ["IPv6", ["fd00:1::/64"], ["fd00:1::2/128"]],
  ["both families", ["10.1.0.0/24", "fd00:1::/64"], ["10.1.0.2/32", "fd00:1::2/128"]],
] as const;

const done = { exitCode: 0, output: undefined, complaint: "" };

interface Result {
  readonly interfaces: readonly { readonly name: string; readonly mac: string; readonly sandbox?: string }[];
  readonly ips: readonly { readonly address: string }[];
}

async function added(node: CniNode, container: Container): Promise<Result> {
  const said = await node.call("ADD", container);
  expect(said).toMatchObject({ exitCode: 0, complaint: "" });
  return said.output as Result;
}

test.each(FAMILIES)(
  "%s: ADD wires a pod, CHECK finds it so, DEL takes all of it off",
  async (_, podCidrs, blocks) => {
    using node = new CniNode({ podCidrs });
    const [a, b] = [node.container("c-a"), node.container("c-b")];
    const result = await added(node, a);
    const name = podInterfaceName("x", "c-a");
    expect(result.ips.map(({ address }) => address)).toEqual([...blocks]);
    const mac = /ether (\S+)/.exec(ip(a.network, "link show eth0"))?.[1];
    expect(result.interfaces).toEqual([
      { name, mac: "ee:ee:ee:ee:ee:ee", mtu: 1450 },
      { name: "eth0", mac, mtu: 1450, sandbox: a.network.path },
    ] as never);
    expect(node.agent.requests.map(({ kind }) => kind)).toEqual(["node", "add"]);
    const other = await added(node, b);

    for (const [at, { address }] of result.ips.entries()) {
      const end = ({ network }: Container, block = "") => ({
        network,
        address: block.split("/")[0] as Address,
      });
      expect(answers({ from: end(a, address), to: end(b, other.ips[at]?.address) })).toBe(true);
    }
    expect(await node.call("CHECK", a, { network: { prevResult: result } })).toEqual(done);
    expect(await node.call("DEL", a, { network: { prevResult: result } })).toEqual(done);
    expect(await node.call("DEL", b, { environment: { CNI_NETNS: "" } })).toEqual(done);
    expect(node.traces()).toEqual([]);
    expect([...node.interfaces(a), ...node.interfaces(b)]).toEqual([]);
    expect(await node.call("DEL", a)).toEqual(done);
  },
);

test("CHECK names what somebody has changed", async () => {
  using node = new CniNode();
  const a = node.container("c-a");
  const result = await added(node, a);
  ip(a.network, "link set eth0 mtu 1400");
  const { output } = await node.call("CHECK", a, { network: { prevResult: result } });
  expect(output).toMatchObject({
    code: 104,
    msg: 'container c-a is not as ADD left it: the container\'s interface "eth0" has an MTU of 1400, wanted is 1450',
  });
});

test.each(["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"])(
  "a network of version %s is served, and undone",
  async (cniVersion) => {
    using node = new CniNode({ podCidrs: ["10.1.0.0/24", "fd00:1::/64"] });
    const a = node.container("c-a");
    const { output } = await node.call("ADD", a, { network: { cniVersion } });
    expect(output).toMatchObject({ cniVersion });
    expect(JSON.stringify(output)).toContain("10.1.0.2/32");
    expect(JSON.stringify(output)).toContain("fd00:1::2/128");
    expect(await node.call("DEL", a, { network: { cniVersion, prevResult: output } })).toEqual(done);
    expect(node.traces()).toEqual([]);
  },
);

test("a pod's new sandbox takes over the interface, and the late DEL of the old one frees only its own address", async () => {
  using node = new CniNode();
  const [old, young] = [node.container("c-1", "web"), node.container("c-2", "web")];
  await added(node, old);
  await added(node, young);
  const name = podInterfaceName("x", "web");
  const link = [`link ${name}`, "record c-2.json", `route 10.1.0.3 dev ${name}`];
  expect(node.traces()).toEqual(["lease 10.1.0.2", "lease 10.1.0.3", ...link]);
  expect(node.interfaces(old)).toEqual([]);
  expect(await node.call("DEL", old)).toEqual(done);
  expect(node.traces()).toEqual(["lease 10.1.0.3", ...link]);
});

test("a second interface of one container is refused, and its DEL leaves the first alone", async () => {
  using node = new CniNode();
  const a = node.container("c-a");
  await added(node, a);
  const before = node.traces();
  const second = { environment: { CNI_IFNAME: "net1" } };
  expect((await node.call("ADD", a, second)).output).toMatchObject({
    code: 4,
    msg: 'CNI_IFNAME is "net1", and container c-a has "eth0" already',
  });
  expect(await node.call("DEL", a, second)).toEqual(done);
  expect(node.traces()).toEqual(before);
});

test("GC leaves what the runtime lists, and nothing else of the network", async () => {
  using node = new CniNode();
  const [a, b] = [node.container("c-a"), node.container("c-b")];
  await added(node, a);
  await added(node, b);
  const list = [{ containerID: "c-b", ifname: "eth0" }];
  expect(await node.call("GC", undefined, { network: { "cni.dev/valid-attachments": list } })).toEqual(done);
  const name = podInterfaceName("x", "c-b");
  expect(node.traces()).toEqual([
    "lease 10.1.0.3",
    `link ${name}`,
    "record c-b.json",
    `route 10.1.0.3 dev ${name}`,
  ]);
});

test("STATUS is well with an agent and without one that has just gone; VERSION needs neither", async () => {
  using node = new CniNode();
  expect(await node.call("STATUS", undefined)).toEqual(done);
  node.agent.stop();
  expect(await node.call("STATUS", undefined)).toEqual(done);
  const { output } = await node.call("VERSION", undefined, { stdin: '{"cniVersion":"0.4.0"}' });
  expect(output).toMatchObject({ cniVersion: "0.4.0" });
});

test("a reboot leaves no lease: the first ADD after it frees what was before", async () => {
  using node = new CniNode();
  const [a, b] = [node.container("c-a"), node.container("c-b")];
  await added(node, a);
  // What a reboot takes: interfaces and the run directory.
  ip(node.host, `link del ${podInterfaceName("x", "c-a")}`);
  node.forgetRun();
  await added(node, b);
  const name = podInterfaceName("x", "c-b");
  expect(node.traces()).toEqual([
    "lease 10.1.0.3",
    `link ${name}`,
    "record c-b.json",
    `route 10.1.0.3 dev ${name}`,
  ]);
});
