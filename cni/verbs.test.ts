import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AgentError } from "../handshake/agent-client.ts";
import { podInterfaceName } from "../model/fingerprint.ts";
import { createTestNode, leftovers, NETWORK, pod, type TestNode } from "./test-node.ts";

const directory = mkdtempSync(join(tmpdir(), "tortie-verbs-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const NAME = podInterfaceName("x", "a");
const done = { exitCode: 0, output: "" } as const;

async function added(...containers: readonly string[]): Promise<TestNode> {
  const node = createTestNode();
  for (const [at, id] of containers.entries())
    await node.call("ADD", pod(id, { CNI_ARGS: `K8S_POD_NAMESPACE=x;K8S_POD_NAME=${"abc"[at]}` }));
  node.deeds.length = 0;
  return node;
}

test("DEL: tells the agent, removes link and record, and frees the lease last", async () => {
  const node = await added("c1");
  expect(await node.call("DEL", pod("c1"))).toEqual(done);
  expect(node.deeds).toEqual(["ask delete", "remove link", "forget 10.0.0.2", "remove record c1", "release"]);
  expect(leftovers(node)).toEqual([]);
});

test("DEL: again, without a namespace, an agent or a record, is fine", async () => {
  const node = createTestNode();
  node.agent = undefined;
  expect(await node.call("DEL", pod("c1", { CNI_NETNS: "" }))).toEqual(done);
  expect(node.deeds).toEqual(["ask delete", "remove link", "remove record c1", "release"]);
});

test("DEL: while another call works for the container it waits, and tells so at last", async () => {
  const node = await added("c1");
  node.busy.add("c1");
  const { exitCode, output } = await node.call("DEL", pod("c1"));
  expect({ exitCode, output: JSON.parse(output) as unknown }).toMatchObject({
    exitCode: 1,
    output: {
      code: 11,
      msg: "another call of the plugin, or a host-local that has outlived one, works for container c1, and has not ended within 25 s",
    },
  });
  expect(leftovers(node)).toEqual(["record c1", "link c1", "lease c1 eth0"]);
  node.busy.clear();
  expect(await node.call("DEL", pod("c1"))).toEqual(done);
  expect(leftovers(node)).toEqual([]);
});

test("DEL: a run directory that allows no lock keeps no pod from going", async () => {
  const node = await added("c1");
  const wrong = Object.assign(new Error("EROFS: read-only file system, mkdir '/run/x'"), {
    code: "EROFS",
    syscall: "mkdir",
  });
  node.failing.set("lock c1", wrong);
  expect(await node.call("DEL", pod("c1"))).toEqual(done);
  expect(leftovers(node)).toEqual([]);
});

test("DEL: a record that cannot be removed keeps no address, and is told of", async () => {
  const node = await added("c1");
  node.failing.set("remove record c1", new Error("boom"));
  expect((await node.call("DEL", pod("c1"))).exitCode).toBe(1);
  expect(leftovers(node)).toEqual(["record c1"]);
});

test.each([
  ["another name", { ...NETWORK, name: "other" }],
  ["another IPAM", { ...NETWORK, ipam: { type: "calico-ipam" } }],
])("DEL: what a configuration of %s says counts less than the record", async (_, given) => {
  const node = await added("c1");
  expect(await node.call("DEL", pod("c1"), given)).toEqual(done);
  expect(leftovers(node)).toEqual([]);
  expect(node.released).toEqual([{ name: "k8s-pod-network", type: "host-local" }]);
});

test("DEL: without a record the runtime's memory names the addresses whose connections go", async () => {
  const node = createTestNode();
  const prevResult = { ips: [{ address: "10.0.0.7/32" }] };
  await node.call("DEL", pod("c1"), { ...NETWORK, prevResult });
  expect(node.deeds).toContain("forget 10.0.0.7");
  expect(await node.call("DEL", pod("c1"), { ...NETWORK, prevResult: { ips: "?" } })).toEqual(done);
});

test("DEL: without a record, addresses that another container has by now are left alone", async () => {
  const node = await added("c1");
  const [address = ""] = node.records.get("c1")?.addresses ?? [];
  const prevResult = { ips: [{ address: "10.0.0.77/32" }, { address: `${address}/32` }] };
  expect(await node.call("DEL", pod("c9"), { ...NETWORK, prevResult })).toEqual(done);
  expect(node.deeds.filter((deed) => deed.startsWith("forget"))).toEqual(["forget 10.0.0.77"]);
});

test("DEL: while the link stays, its address stays leased, and the next DEL finds everything", async () => {
  const node = await added("c1");
  node.failing.set("remove link", new Error("boom"));
  expect((await node.call("DEL", pod("c1"))).exitCode).toBe(1);
  expect(leftovers(node)).toEqual(["record c1", "link c1", "lease c1 eth0"]);
  node.failing.clear();
  expect(await node.call("DEL", pod("c1"))).toEqual(done);
  expect(leftovers(node)).toEqual([]);
});

test("DEL: a pod that another IPAM gave its address is taken off, and the address left to it", async () => {
  const node = createTestNode();
  expect(await node.call("DEL", pod("c1"), { ...NETWORK, ipam: { type: "calico-ipam" } })).toEqual(done);
  expect(node.deeds).toEqual(["ask delete", "remove link", "remove record c1"]);
});

async function printed(node: TestNode): Promise<object> {
  const { interface: name } = node.records.get("c1") ?? { interface: "" };
  const addresses = node.records.get("c1")?.addresses ?? [];
  return {
    interfaces: [{ name }, { name: "eth0", sandbox: "/run/netns/c1" }],
    ips: addresses.map((address) => ({ address: `${address}/32`, interface: 1 })),
  };
}

test("CHECK: everything is as ADD left it", async () => {
  const node = await added("c1");
  const network = { ...NETWORK, prevResult: await printed(node) };
  expect(await node.call("CHECK", pod("c1"), network)).toEqual(done);
});

test("CHECK: tells every difference", async () => {
  const node = await added("c1");
  node.links.clear();
  node.leased.clear();
  node.agent = () => ({ kind: "waiting", for: "the kernel" });
  const network = { ...NETWORK, prevResult: {} };
  expect(JSON.parse((await node.call("CHECK", pod("c1"), network)).output)).toEqual({
    cniVersion: "1.1.0",
    code: 104,
    msg: `container c1 is not as ADD left it: ${[
      "prevResult does not have 10.0.0.2",
      `prevResult does not have the interface ${NAME}`,
      "prevResult does not have the interface eth0 of the pod",
      `the host has no interface "${NAME}"`,
      "its addresses are not leased",
      "its rules are not in the kernel: the kernel",
    ].join("; ")}`,
    details: "delete the pod, so that it is made anew",
  });
});

test.each([
  [{}, { prevResult: undefined }, { code: 7, msg: "prevResult is missing" }],
  [
    { CNI_CONTAINERID: "c9", CNI_NETNS: "/nowhere" },
    { prevResult: undefined },
    { code: 3, msg: "container c9 is not wired by this plugin" },
  ],
  [{ CNI_CONTAINERID: "c9" }, {}, { code: 3, msg: "container c9 is not wired by this plugin" }],
  [{ CNI_NETNS: "/nowhere" }, {}, { code: 4, msg: "there is nothing at /nowhere" }],
  [{}, { name: "other" }, { code: 3, msg: "container c1 belongs to network k8s-pod-network" }],
  [
    {},
    { cniVersion: "0.3.1" },
    { cniVersion: "0.3.1", code: 1, msg: 'cniVersion is "0.3.1", which has no CHECK' },
  ],
])("CHECK: %j with %j is refused", async (environment, network, told) => {
  const node = await added("c1");
  const given = { ...NETWORK, prevResult: await printed(node), ...network };
  expect(JSON.parse((await node.call("CHECK", pod("c1", environment), given)).output)).toMatchObject(told);
});

test("CHECK: without an agent nobody can say", async () => {
  const node = await added("c1");
  node.agent = undefined;
  const network = { ...NETWORK, prevResult: await printed(node) };
  expect(JSON.parse((await node.call("CHECK", pod("c1"), network)).output)).toMatchObject({ code: 11 });
});

const keep = (...containers: readonly string[]): object => ({
  ...NETWORK,
  "cni.dev/valid-attachments": containers.map((containerID) => ({ containerID, ifname: "eth0" })),
});

test("GC: undoes what the runtime does not list, and frees what nobody has", async () => {
  const node = await added("c1", "c2", "c3");
  node.deeds.length = 0;
  expect(await node.call("GC", {}, keep("c2", "c9"))).toEqual(done);
  expect(leftovers(node)).toEqual(["record c2", "link c2", "lease c2 eth0"]);
  expect(node.deeds.at(-1)).toBe("reconcile, but c2,c9");
});

test("GC: leaves other networks alone", async () => {
  const node = await added("c1");
  expect(await node.call("GC", {}, { ...keep(), name: "other" })).toEqual(done);
  expect(leftovers(node)).toEqual(["record c1", "link c1", "lease c1 eth0"]);
});

test("GC: one container that cannot be undone keeps no other, and is told of", async () => {
  const node = await added("c1", "c2");
  node.failing.set("remove record c1", new Error("boom"));
  const { exitCode, output } = await node.call("GC", {}, keep());
  expect({ exitCode, ...JSON.parse(output) }).toMatchObject({
    exitCode: 1,
    msg: "a bug of the plugin: Error: boom",
  });
  expect(leftovers(node)).toEqual(["record c1"]);
});

test("GC: a container that another call works for is left alone", async () => {
  const node = await added("c1", "c2");
  node.busy.add("c1");
  expect(await node.call("GC", {}, keep())).toEqual(done);
  expect(leftovers(node)).toEqual(["record c1", "link c1", "lease c1 eth0"]);
});

test("GC: an agent that hangs is told of one container only", async () => {
  const node = await added("c1", "c2", "c3");
  node.agent = () => {
    throw new AgentError("silent", "the agent does not answer");
  };
  expect(await node.call("GC", {}, keep())).toEqual(done);
  expect(node.deeds.filter((deed) => deed === "ask delete")).toHaveLength(1);
  expect(leftovers(node)).toEqual([]);
});

test("GC: without a list nothing goes", async () => {
  const node = await added("c1");
  expect(JSON.parse((await node.call("GC", {})).output)).toMatchObject({
    code: 7,
    msg: "cni.dev/valid-attachments is missing",
  });
  expect(leftovers(node)).toHaveLength(3);
});

const network = { ...NETWORK, run_dir: directory };

test("STATUS: fails once the agent has been away for more than a minute, and is well when it comes back", async () => {
  const node = createTestNode();
  const { agent } = node;
  node.agent = undefined;
  expect(await node.call("STATUS", {}, network)).toEqual(done);
  node.uptime = 160;
  expect(await node.call("STATUS", {}, network)).toEqual(done);
  node.uptime = 161;
  expect(JSON.parse((await node.call("STATUS", {}, network)).output)).toEqual({
    cniVersion: "1.1.0",
    code: 50,
    msg: "no pod can be wired: the agent has been away for 61 s: no agent answers at /run/tortie/agent.sock (ENOENT)",
    details: "see its pod, or its service, on this node",
  });
  node.agent = agent;
  expect(await node.call("STATUS", {}, network)).toEqual(done);
  expect(existsSync(join(directory, "agent-away"))).toBe(false);
  node.agent = undefined;
  expect(await node.call("STATUS", {}, network)).toEqual(done);
});

test("STATUS: an agent that is not in sync yet is no reason", async () => {
  const node = createTestNode();
  node.agent = () => ({ kind: "state", waitingFor: "the list of pods" });
  expect(await node.call("STATUS", {}, network)).toEqual(done);
});

test("STATUS: a node without a range for its pods", async () => {
  const node = createTestNode();
  node.agent = () => ({ kind: "state", node: { name: "n-1", podCidrs: [], mtu: 1500 } });
  expect(JSON.parse((await node.call("STATUS", {}, network)).output)).toMatchObject({
    code: 50,
    msg: "no pod can be wired: node n-1 has no podCIDR",
  });
  const own = { ...network, ipam: { type: "host-local", subnet: "10.0.0.0/24" } };
  expect(await node.call("STATUS", {}, own)).toEqual(done);
});

test("STATUS: a configuration that cannot be served", async () => {
  const { output } = await createTestNode().call("STATUS", {}, { ...network, device_type: "netkit" });
  expect(JSON.parse(output)).toMatchObject({
    code: 50,
    msg: 'no pod can be wired: device_type is "netkit", which is not supported',
  });
});

test("VERSION: names every version", async () => {
  const supportedVersions = ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"];
  for (const cniVersion of supportedVersions) {
    const { exitCode, output } = await createTestNode().call("VERSION", {}, { cniVersion });
    expect({ exitCode, ...JSON.parse(output) }).toEqual({ exitCode: 0, cniVersion, supportedVersions });
  }
});
