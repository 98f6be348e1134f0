import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { podInterfaceName } from "../../../model/fingerprint.ts";
import { until } from "../../agent/running-agent.ts";
import { program } from "../programs.ts";
import { ask, type Question } from "./plugin/ask.ts";
import { call, container, type Container, NOTHING } from "./plugin/by-hand.ts";
import {
  BANDWIDTH,
  CALICO,
  CLIENT,
  NODE_ADDRESS,
  PluginMachine,
  PORTMAP,
  STRANGER,
  UPLINK,
} from "./plugin/plugin-machine.ts";
import { networkOf, removePod, runPod } from "./plugin/pods.ts";
import { traces } from "./plugin/traces.ts";
import { transfer } from "./plugin/transfer.ts";

const POD_CIDRS = ["10.1.0.0/16", "fd00:1::/64"];
const FAMILIES = ["ipv4", "ipv6"] as const;
const CLIENTS = [{ ipBlock: { cidr: `${CLIENT.ipv4}/32` } }, { ipBlock: { cidr: `${CLIENT.ipv6}/128` } }];

function mapping(hostPort: number): { ports: [{ protocol: "TCP"; containerPort: 80; hostPort: number }] } {
  return { ports: [{ protocol: "TCP", containerPort: 80, hostPort }] };
}

/** To the node, over both families. */
function toNode(port: number, from?: Readonly<Record<(typeof FAMILIES)[number], string>>): Question[] {
  return FAMILIES.map((family) => ({
    to: NODE_ADDRESS[family],
    port,
    ...(from !== undefined && { from: from[family] }),
  }));
}

const NOBODY = [null, null];

test("a hostPort answers whom the policy of the pod's own port lets in, over both families, by the chained portmap", async () => {
  await using node = await PluginMachine.start({ podCidrs: POD_CIDRS });
  const outside = node.lab.outside.network;
  node.announce({ name: "web" }, { name: "echo" }, { name: "other" });
  node.letIn("web", { from: CLIENTS, ports: [{ port: 80 }] });
  const echoOnly = { from: [{ podSelector: { matchLabels: { pod: "echo" } } }], ports: [{ port: 80 }] };
  node.letIn("echo", echoOnly);
  await node.startAgent([CALICO, PORTMAP]);
  await node.startContainerd();
  await node.untilNetworkReady();
  const web = await runPod(node, "web", mapping(8080));
  const echo = await runPod(node, "echo", mapping(8081));
  const other = await runPod(node, "other", mapping(8082));

  // The pod sees who asks, and so does its policy.
  expect(await ask(outside, [...toNode(8080, CLIENT), ...toNode(8080, STRANGER)])).toEqual([
    CLIENT.ipv4,
    CLIENT.ipv6,
    ...NOBODY,
  ]);
  expect(await ask(outside, toNode(8082, STRANGER))).toEqual([STRANGER.ipv4, STRANGER.ipv6]);
  // The node itself may always, by its own address and, over IPv4, by its loopback.
  expect(await ask(node.machine.network, [...toNode(8080), { to: "127.0.0.1", port: 8080 }])).toEqual([
    NODE_ADDRESS.ipv4,
    NODE_ADDRESS.ipv6,
    NODE_ADDRESS.ipv4,
  ]);

  // From a pod to the node's port: to another pod, and back to itself. The receiver's policy sees the asking pod's address;
  // a packet that comes back to its sender bears the node's address when it arrives, and is judged like any other before.
  using fromOther = await networkOf(node, other);
  using fromEcho = await networkOf(node, echo);
  expect(await ask(fromOther, [...toNode(8080), ...toNode(8081)])).toEqual([...NOBODY, ...NOBODY]);
  expect(await ask(fromEcho, [...toNode(8081), ...toNode(8082)])).toEqual([
    NODE_ADDRESS.ipv4,
    NODE_ADDRESS.ipv6,
    ...echo.addresses,
  ]);
  using fromWeb = await networkOf(node, web);
  expect(await ask(fromWeb, toNode(8080))).toEqual(NOBODY);

  // The port that counts is the pod's, not the host's.
  node.letIn("web", { from: CLIENTS, ports: [{ port: 8080 }] });
  await until(async () => !(await ask(outside, toNode(8080, CLIENT))).some((answer) => answer !== null));
  node.letIn("web", { from: CLIENTS, ports: [{ port: 80 }] });
  await until(async () => (await ask(outside, toNode(8080, CLIENT))).every((answer) => answer !== null));

  expect(traces(node).filter((trace) => trace.startsWith("translation CNI-DN-"))).toHaveLength(6);
  for (const pod of [web, echo, other]) await removePod(node, pod);
  expect(traces(node)).toEqual([]);
  expect(await ask(outside, toNode(8080, CLIENT))).toEqual(NOBODY);
}, 60_000);

/** What a runtime's own PATH has where nobody installed iptables. */
function makeBareDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "tortie-bare-"));
  for (const name of ["containerd", "containerd-shim-runc-v2", "runc", "ctr"])
    symlinkSync(join(dirname(program("containerd")), name), join(directory, name));
  for (const name of ["env", "nsenter", "sh"]) symlinkSync(Bun.which(name) ?? "", join(directory, name));
  return directory;
}

test("without iptables portmap starts no pod with a hostPort and lets none go, until iptables is there", async () => {
  const bare = makeBareDirectory();
  try {
    await using node = await PluginMachine.start({ podCidrs: POD_CIDRS });
    node.announce({ name: "web" });
    await node.startAgent([CALICO, PORTMAP]);
    const { cri } = await node.startContainerd({ path: bare });
    await node.untilNetworkReady();
    // Who wants no port of the node never meets portmap's programs.
    await removePod(node, await runPod(node, "web"));
    expect(traces(node)).toEqual([]);

    const failure = await runPod(node, "web", mapping(8080)).catch(String);
    expect(failure).toContain('plugin type="portmap" failed (add): failed to open iptables');
    const [sandbox = "", ...others] = await cri.listPodSandboxes();
    expect(others).toEqual([]);
    expect(await cri.removePodSandbox(sandbox).catch(String)).toContain(
      "neither iptables nor ip6tables usable",
    );
    symlinkSync(program("iptables"), join(bare, "iptables"));
    symlinkSync(program("ip6tables"), join(bare, "ip6tables"));
    for (const name of ["dirname", "realpath"]) symlinkSync(Bun.which(name) ?? "", join(bare, name));
    await removePod(node, { sandbox });
    expect(traces(node)).toEqual([]);
  } finally {
    rmSync(bare, { recursive: true });
  }
}, 60_000);

const KIBIBYTES = 512;
const RATE = 8_000_000;
const BURST = 800_000;
/** Nothing goes faster, for all time that a processor may lose. */
const LEAST_SECONDS = (KIBIBYTES * 1024 * 8 - BURST) / RATE;

test("the chained bandwidth slows down both directions of the pod that asks for it, and of no other", async () => {
  await using node = await PluginMachine.start({ podCidrs: POD_CIDRS });
  const outside = node.lab.outside.network;
  node.announce({ name: "slow" }, { name: "fast" });
  await node.startAgent();
  const [slow, fast] = [container("slow"), container("fast")];
  using _slow = slow.network;
  using _fast = fast.network;
  const cniVersion = "1.0.0";
  const { output: prevResult } = await call(node, "ADD", slow, { cniVersion });
  expect((await call(node, "ADD", fast, { cniVersion })).exitCode).toBe(0);
  const limits = { ingressRate: RATE, ingressBurst: BURST, egressRate: RATE, egressBurst: BURST };
  const plugin = { ...BANDWIDTH, runtimeConfig: { bandwidth: limits } };
  expect(await call(node, "ADD", slow, { cniVersion, plugin, fields: { prevResult } })).toMatchObject({
    exitCode: 0,
  });

  const seconds = async ({ network }: Container, ipv4: string, ipv6: string): Promise<number[]> => [
    await transfer({ from: outside, to: network, address: ipv4, kibibytes: KIBIBYTES }),
    await transfer({ from: network, to: outside, address: UPLINK.ipv4, kibibytes: KIBIBYTES }),
    await transfer({ from: outside, to: network, address: ipv6, kibibytes: KIBIBYTES }),
    await transfer({ from: network, to: outside, address: UPLINK.ipv6, kibibytes: KIBIBYTES }),
  ];
  const limited = await seconds(slow, "10.1.0.2", "fd00:1::2");
  const free = await seconds(fast, "10.1.0.3", "fd00:1::3");
  const words = (of: readonly number[]): string => of.map((one) => one.toFixed(3)).join(", ");
  process.stdout.write(
    `${KIBIBYTES} KiB in, out, in and out over IPv6: ${words(limited)} s at 8 Mbit/s, ${words(free)} s without a limit\n`,
  );
  for (const [at, one] of limited.entries()) {
    expect(one).toBeGreaterThan(LEAST_SECONDS);
    expect(free[at]).toBeLessThan(one);
  }
  // Somebody else's devices and queues on a pod's link are no difference to what ADD did.
  expect(await call(node, "CHECK", slow, { cniVersion, fields: { prevResult } })).toEqual(NOTHING);
  expect(await call(node, "DEL", slow, { cniVersion, plugin, fields: { prevResult } })).toEqual(NOTHING);
  expect(await call(node, "DEL", slow, { cniVersion })).toEqual(NOTHING);
  expect(await call(node, "DEL", fast, { cniVersion })).toEqual(NOTHING);
  expect(traces(node)).toEqual([]);
}, 60_000);

test("a pod's annotations limit its link, and no device of bandwidth outlives the pod", async () => {
  await using node = await PluginMachine.start({ podCidrs: POD_CIDRS });
  node.announce({ name: "slow" }, { name: "fast" });
  await node.startAgent([CALICO, PORTMAP, BANDWIDTH]);
  await node.startContainerd();
  await node.untilNetworkReady();
  const annotations = { "kubernetes.io/ingress-bandwidth": "8M", "kubernetes.io/egress-bandwidth": "4M" };
  const slow = await runPod(node, "slow", { annotations, ...mapping(8080) });
  const fast = await runPod(node, "fast");
  const queues = await node.machine.run(["tc", "qdisc", "show"]);
  const name = podInterfaceName("shop", "slow");
  expect(queues).toMatch(new RegExp(`tbf 1: dev ${name} root .* rate 8Mbit`));
  expect(queues).toMatch(/tbf 1: dev bwp[0-9a-f]+ root .* rate 4Mbit/);
  expect(queues).toContain(`noqueue 0: dev ${podInterfaceName("shop", "fast")} root`);
  const questions = slow.addresses.map((to) => ({ to }));
  expect(await ask(node.lab.outside.network, [...questions, ...toNode(8080)])).toEqual([
    UPLINK.ipv4,
    UPLINK.ipv6,
    UPLINK.ipv4,
    UPLINK.ipv6,
  ]);
  await removePod(node, slow);
  await removePod(node, fast);
  expect(traces(node)).toEqual([]);
}, 60_000);
