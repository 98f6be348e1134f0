import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { podInterfaceName } from "../../../model/fingerprint.ts";
import { until } from "../../agent/running-agent.ts";
import { ip } from "../../netns/other-cni/commands.ts";
import { ask } from "./plugin/ask.ts";
import { CALICO, CLIENT, networkList, PluginMachine, STRANGER, UPLINK } from "./plugin/plugin-machine.ts";
import { removePod, runPod } from "./plugin/pods.ts";
import { leases, records, traces } from "./plugin/traces.ts";

const FAMILIES = [
  ["IPv4", ["10.1.0.0/16"], ["ipv4"]],
  ["IPv6 alone", ["fd00:1::/64"], ["ipv6"]],
  ["both families", ["10.1.0.0/16", "fd00:1::/64"], ["ipv4", "ipv6"]],
] as const;
/** host-local's first addresses, in their order. */
const ADDRESS = {
  ipv4: (last: number) => `10.1.0.${last}`,
  ipv6: (last: number) => `fd00:1::${last.toString(16)}`,
};
const FROM_CLIENT = [{ ipBlock: { cidr: `${CLIENT.ipv4}/32` } }, { ipBlock: { cidr: `${CLIENT.ipv6}/128` } }];
const CONFIGURATION = "etc/cni/net.d/10-calico.conflist";

test.each(FAMILIES)(
  "%s: by the configuration that the agent writes, ctr and the CRI run pods that policy protects",
  async (_, podCidrs, families) => {
    await using node = await PluginMachine.start({ podCidrs });
    const { cri } = await node.startContainerd();
    expect((await cri.networkReady()).ready).toBe(false);
    node.announce({ name: "web" }, { namespace: "default", name: "k8s.io-once" });
    node.letIn("web", { from: FROM_CLIENT, ports: [{ port: 80 }] });
    await node.startAgent([CALICO]);
    await until(() => existsSync(node.path(CONFIGURATION)));
    expect(JSON.parse(readFileSync(node.path(CONFIGURATION), "utf8"))).toEqual(networkList([CALICO]));
    await node.untilNetworkReady();

    // Nobody says which pod it is, so it is the one of its own name.
    const shown = await node.containerd.run("once", ["ip", "-o", "address", "show", "dev", "eth0"]);
    const found = [...shown.matchAll(/inet6? (\S+) scope global/g)].map(([, block]) => block);
    expect(found).toEqual(families.map((family) => `${ADDRESS[family](2)}/${family === "ipv4" ? 32 : 128}`));
    expect(shown.includes("inet6")).toBe(families.some((family) => family === "ipv6"));
    expect(traces(node)).toEqual([]);

    const pod = await runPod(node, "web");
    expect(pod.addresses).toEqual(families.map((family) => ADDRESS[family](3)));
    const questions = families.flatMap((family) =>
      [CLIENT, STRANGER].map((who) => ({ from: who[family], to: ADDRESS[family](3) })),
    );
    expect(await ask(node.lab.outside.network, questions)).toEqual(
      families.flatMap((family) => [CLIENT[family], null]),
    );
    await cri.stopPodSandbox(pod.sandbox);
    expect(traces(node)).toEqual([]);
    // The runtime may ask for the same more than once.
    await cri.stopPodSandbox(pod.sandbox);
    await cri.removePodSandbox(pod.sandbox);
    expect(await cri.listPodSandboxes()).toEqual([]);
    expect(traces(node)).toEqual([]);
  },
  60_000,
);

test("by a configuration of any version that somebody wrote by hand; a new sandbox takes over from the old one", async () => {
  await using node = await PluginMachine.start({ podCidrs: ["10.1.0.0/16", "fd00:1::/64"] });
  node.announce({ name: "web" });
  await node.startAgent();
  expect(existsSync(node.path(CONFIGURATION))).toBe(false);
  node.writeNetwork([CALICO], "0.3.1");
  const { cri } = await node.startContainerd();
  await node.untilNetworkReady();
  const first = await runPod(node, "web");
  expect(first.addresses).toEqual(["10.1.0.2", "fd00:1::2"]);

  // As after a crash: the runtime knows the old one still.
  const second = await runPod(node, "web", { attempt: 1 });
  expect(second.addresses).toEqual(["10.1.0.3", "fd00:1::3"]);
  expect(records(node)).toEqual([`${second.sandbox}.json`]);
  const { network } = node.lab.outside;
  expect(await ask(network, [{ to: "10.1.0.2" }, { to: "10.1.0.3" }])).toEqual([null, UPLINK.ipv4]);
  await removePod(node, first);
  expect(leases(node).toSorted()).toEqual(["10.1.0.3", "fd00:1::3"]);
  expect(traces(node)).toContain(`link ${podInterfaceName("shop", "web")}`);
  expect(await ask(network, [{ to: "fd00:1::3" }])).toEqual([UPLINK.ipv6]);
  await removePod(node, second);
  expect(traces(node)).toEqual([]);

  // The MTU tells which configuration the runtime had read.
  for (const [at, version] of ["0.3.0", "0.4.0", "1.0.0"].entries()) {
    const mtu = 1400 + at;
    node.writeNetwork([{ ...CALICO, mtu }], version);
    for (let found = ""; !found.includes(` mtu ${mtu} `);) {
      const pod = await runPod(node, "web");
      found = ip(node.machine.network, `link show ${podInterfaceName("shop", "web")}`);
      await removePod(node, pod);
      expect(traces(node)).toEqual([]);
    }
  }
  expect(await cri.listPodSandboxes()).toEqual([]);
}, 60_000);

test("a runtime that is killed in the middle of ADD takes back what the plugin did without it", async () => {
  await using node = await PluginMachine.start({ podCidrs: ["10.1.0.0/16"] });
  node.announce({ name: "web" });
  await node.startAgent([CALICO]);
  const containerd = await node.startContainerd();
  const { cri, server } = containerd;
  await node.untilNetworkReady();
  // The plugin waits for an agent that does not answer, and outlives its caller.
  node.agent.process.kill("SIGSTOP");
  const made = runPod(node, "web").catch(String);
  await until(() => records(node).length === 1);
  await server.kill();
  expect(await made).toContain("the server went away");
  node.agent.process.kill("SIGCONT");
  // Nobody is left to read the result, so the plugin takes everything back; the namespace is the runtime's.
  await until(() => traces(node).every((trace) => trace.startsWith("namespace ")));
  server.start();
  await containerd.ready();
  const [sandbox = "", ...others] = await cri.listPodSandboxes();
  expect(others).toEqual([]);
  const next = await runPod(node, "web", { attempt: 1 });
  await removePod(node, { sandbox });
  expect(leases(node)).toEqual([...next.addresses]);
  expect(await ask(node.lab.outside.network, [{ to: next.addresses[0] ?? "" }])).toEqual([UPLINK.ipv4]);
  await removePod(node, next);
  expect(traces(node)).toEqual([]);
});
