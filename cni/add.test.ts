import { expect, test } from "bun:test";
import { IpamError } from "../ipam/ipam-error.ts";
import { podInterfaceName } from "../model/fingerprint.ts";
import { createTestNode, leftovers, NETNS, NETWORK, pod } from "./test-node.ts";

const NAME = podInterfaceName("x", "a");
const ORDER = [
  "ask node",
  "record",
  "lease",
  "create link",
  "configure link",
  "1450 10.0.0.2",
  "record addresses",
  "ask add",
  "raise link",
];

test("ADD: does everything in an order that a crash may break, and prints the result", async () => {
  const node = createTestNode();
  const { exitCode, output } = await node.call("ADD", pod("c1"));
  expect(exitCode).toBe(0);
  expect(JSON.parse(output)).toEqual({
    cniVersion: "1.1.0",
    interfaces: [
      { name: NAME, mac: "ee:ee:ee:ee:ee:ee", mtu: 1450 },
      { name: "eth0", mac: "02:00:00:00:00:01", mtu: 1450, sandbox: NETNS },
    ],
    ips: [{ interface: 1, address: "10.0.0.2/32" }],
    routes: [{ dst: "0.0.0.0/0" }],
    dns: {},
  });
  expect(node.deeds).toEqual(ORDER);
  expect(node.records.get("c1")).toMatchObject({
    namespace: "x",
    pod: "a",
    uid: "u-1",
    addresses: ["10.0.0.2"],
  });
});

test("ADD: with a subnet and an MTU of its own it needs no fact of the node", async () => {
  const node = createTestNode();
  const network = { ...NETWORK, mtu: 1300, ipam: { type: "host-local", subnet: "10.9.0.0/24" } };
  expect((await node.call("ADD", pod("c1"), network)).exitCode).toBe(0);
  expect(node.deeds).not.toContain("ask node");
  expect(node.deeds).toContain("1300 10.0.0.2");
});

const full = new IpamError("full", { tried: "lease addresses", found: "none is left", next: "free some" });
const file = Object.assign(new Error("EROFS: read-only file system, open '/run/x'"), {
  code: "EROFS",
  syscall: "open",
});

test.each([
  ["record", file, 5, "EROFS: read-only file system, open '/run/x'"],
  ["lease", full, 100, "could not lease addresses: none is left"],
  ["create link", new Error("boom"), 999, "a bug of the plugin: Error: boom"],
  ["configure link", new Error("boom"), 999, "a bug of the plugin: Error: boom"],
  ["record addresses", file, 5, "EROFS: read-only file system, open '/run/x'"],
  ["raise link", new Error("boom"), 999, "a bug of the plugin: Error: boom"],
])("ADD: where %j fails everything is undone", async (deed, error, code, msg) => {
  const node = createTestNode();
  node.failing.set(deed, error);
  const { exitCode, output } = await node.call("ADD", pod("c1"));
  expect(exitCode).toBe(1);
  expect(JSON.parse(output)).toMatchObject({ cniVersion: "1.1.0", code, msg });
  expect(leftovers(node)).toEqual([]);
});

test("ADD: undoes in the reverse order, lease and record last", async () => {
  const node = createTestNode();
  node.agent = (request) =>
    request.kind === "add"
      ? { kind: "refused", found: "pod x/a has finished", next: "nothing" }
      : { kind: "deleted" };
  const network = { ...NETWORK, mtu: 1450, ipam: { type: "host-local", subnet: "10.9.0.0/24" } };
  const { output } = await node.call("ADD", pod("c1"), network);
  expect(JSON.parse(output)).toEqual({
    cniVersion: "1.1.0",
    code: 105,
    msg: "pod x/a has finished",
    details: "nothing",
  });
  expect(node.deeds.slice(node.deeds.indexOf("ask add") + 1)).toEqual([
    "ask delete",
    "remove link",
    "forget 10.0.0.2",
    "release",
    "remove record c1",
  ]);
});

test("ADD: a host-local that hung is not waited for as long again", async () => {
  const node = createTestNode();
  node.failing.set("lease", new IpamError("hung", { tried: "lease", found: "no end", next: "" }));
  expect(JSON.parse((await node.call("ADD", pod("c1"))).output)).toMatchObject({ code: 11 });
  expect(node.released).toEqual([{ name: "k8s-pod-network", type: "host-local", deadline: 5_000 }]);
});

test("ADD: one failure in undoing keeps nothing else from going", async () => {
  const node = createTestNode();
  node.failing.set("configure link", new Error("boom")).set("remove link", new Error("bang"));
  expect(JSON.parse((await node.call("ADD", pod("c1"))).output)).toMatchObject({ code: 999 });
  expect(node.deeds).toContain("error: could not remove the link: a bug of the plugin: Error: bang");
  expect(leftovers(node)).toEqual(["link c1"]);
});

const AGAIN = "the container runtime tries again; see the agent's log and its /readiness";
const SAME = "bring plugin and agent to the same version: tortie install";

test.each([
  [undefined, "not ready within 30 s: no agent answers at /run/tortie/agent.sock (ENOENT)", AGAIN],
  [{ kind: "waiting", for: "the list of pods" }, "not ready within 30 s: the list of pods", AGAIN],
  [{ kind: "misunderstood", understood: [2] }, "it speaks version 2", SAME],
  [{ kind: "deleted" }, 'the agent answers "deleted"', "see the agent's log"],
] as const)("ADD: an agent that says %j: code 11, and nothing is left", async (said, msg, details) => {
  const node = createTestNode();
  node.agent = said === undefined ? undefined : () => said;
  expect(JSON.parse((await node.call("ADD", pod("c1"))).output)).toEqual({
    cniVersion: "1.1.0",
    code: 11,
    msg,
    details,
  });
  expect(leftovers(node)).toEqual([]);
});

test("ADD: told to stop, it undoes what it did", async () => {
  const node = createTestNode();
  node.onDeed = (name) => {
    if (name === "lease") node.stopping.abort();
  };
  const { output } = await node.call("ADD", pod("c1"));
  expect(JSON.parse(output)).toMatchObject({ code: 11, msg: "the plugin was told to stop" });
  expect(leftovers(node)).toEqual([]);
});

test("ADD: once more for the same container begins anew", async () => {
  const node = createTestNode();
  await node.call("ADD", pod("c1"));
  node.deeds.length = 0;
  expect((await node.call("ADD", pod("c1"))).output).toContain("10.0.0.3/32");
  expect(node.deeds.slice(0, 5)).toEqual([
    "ask delete",
    "remove link",
    "forget 10.0.0.2",
    "remove record c1",
    "release",
  ]);
  expect(leftovers(node)).toEqual(["record c1", "link c1", "lease c1 eth0"]);
});

test("ADD: a pod's new sandbox takes over the interface; the late DEL of the old one frees only its own lease", async () => {
  const node = createTestNode();
  await node.call("ADD", pod("c1"));
  expect((await node.call("ADD", pod("c2"))).exitCode).toBe(0);
  const overtaking = node.deeds.slice(node.deeds.indexOf("take over c1"));
  expect(overtaking.slice(0, 3)).toEqual(["take over c1", "forget 10.0.0.2", "remove record c1"]);
  expect(leftovers(node)).toEqual(["record c2", "link c2", "lease c1 eth0", "lease c2 eth0"]);
  expect(await node.call("DEL", pod("c1", { CNI_NETNS: "" }))).toEqual({ exitCode: 0, output: "" });
  expect(leftovers(node)).toEqual(["record c2", "link c2", "lease c2 eth0"]);
});

test("ADD: a new sandbox is later than the old one, though the clock was set back", async () => {
  const node = createTestNode();
  await node.call("ADD", pod("c1"));
  const { createdAt = 0 } = node.records.get("c1") ?? {};
  Object.assign(node.parts, { now: () => createdAt - 500 });
  expect((await node.call("ADD", pod("c2"))).exitCode).toBe(0);
  expect(node.records.get("c2")?.createdAt).toBe(createdAt + 1);
});

test("ADD: whose record is gone when the agent answers was overtaken by a newer container", async () => {
  const node = createTestNode();
  const { agent } = node;
  node.agent = (request) => {
    if (request.kind === "add") node.records.delete("c1");
    return agent?.(request) ?? { kind: "deleted" };
  };
  expect(JSON.parse((await node.call("ADD", pod("c1"))).output)).toMatchObject({
    code: 11,
    msg: `${NAME} was taken over by a newer container of pod x/a`,
  });
  expect(leftovers(node)).toEqual([]);
});

test("ADD: a second interface of one container is refused by name, and its DEL leaves the first alone", async () => {
  const node = createTestNode();
  await node.call("ADD", pod("c1"));
  const second = pod("c1", { CNI_IFNAME: "net1" });
  expect(JSON.parse((await node.call("ADD", second)).output)).toEqual({
    cniVersion: "1.1.0",
    code: 4,
    msg: 'CNI_IFNAME is "net1", and container c1 has "eth0" already',
    details: "a pod has one interface of this plugin: use another plugin for further ones",
  });
  expect((await node.call("DEL", second)).exitCode).toBe(0);
  expect(leftovers(node)).toEqual(["record c1", "link c1", "lease c1 eth0"]);
});

test("ADD: behind another plugin it is refused", async () => {
  const node = createTestNode();
  const { output } = await node.call("ADD", pod("c1"), { ...NETWORK, prevResult: { ips: [] } });
  expect(JSON.parse(output)).toMatchObject({
    code: 2,
    msg: 'prevResult is {"ips":[]}, which is not supported with ADD',
  });
  expect(node.deeds).toEqual([]);
});

test("ADD: a node without a range for its pods", async () => {
  const node = createTestNode();
  node.agent = () => ({ kind: "node", node: { name: "n-1", podCidrs: [], mtu: 1500 } });
  const { output } = await node.call("ADD", pod("c1"));
  expect(JSON.parse(output)).toMatchObject({
    code: 101,
    msg: 'could not replace usePodCidr by the node\'s pod ranges: node "n-1" has no pod range',
  });
  expect(leftovers(node)).toEqual([]);
});
