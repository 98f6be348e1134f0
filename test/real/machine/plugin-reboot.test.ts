import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../../agent/running-agent.ts";
import { ask } from "./plugin/ask.ts";
import { call, container } from "./plugin/by-hand.ts";
import { CALICO, CLIENT, NODE_ADDRESS, PluginMachine, PORTMAP, STRANGER } from "./plugin/plugin-machine.ts";
import { removePod, type RunningPod, runPod } from "./plugin/pods.ts";
import { leases, links, records, untilNothingIsLeft } from "./plugin/traces.ts";

const POD_CIDRS = ["10.1.0.0/16", "fd00:1::/64"];
const NAMES = ["web", "a", "b", "c", "d", "e", "f", "g"];
const WEB = {
  ports: [{ protocol: "TCP", containerPort: 80, hostPort: 8080 }],
} as const;

function runAll(node: PluginMachine, attempt: number): Promise<readonly RunningPod[]> {
  const more = (name: string): object => (name === "web" ? WEB : {});
  return Promise.all(NAMES.map((name) => runPod(node, name, { attempt, ...more(name) })));
}

/** What users of the node see: web is for one client, by its own address and by the node's. */
async function expectPoliced(node: PluginMachine, [web]: readonly RunningPod[]): Promise<void> {
  const address = web?.addresses[0] ?? "";
  const from = { client: CLIENT.ipv4, stranger: STRANGER.ipv4 };
  const { network } = node.lab.outside;
  const questions = [
    { from: from.client, to: address },
    { from: from.client, to: NODE_ADDRESS.ipv4, port: 8080 },
    { from: from.stranger, to: address },
    { from: from.stranger, to: NODE_ADDRESS.ipv4, port: 8080 },
  ];
  expect(await ask(network, questions)).toEqual([from.client, from.client, null, null]);
}

/** Before the agent is started, so that nothing of a former boot is in memory. */
async function boot(disk: string): Promise<PluginMachine> {
  const node = await PluginMachine.start({ podCidrs: POD_CIDRS, disk });
  node.announce(...[...NAMES, "by-hand"].map((name) => ({ name })));
  node.letIn("web", { from: [{ ipBlock: { cidr: `${CLIENT.ipv4}/32` } }], ports: [{ port: 80 }] });
  return node;
}

function addressesOf(pods: readonly RunningPod[]): string[] {
  return pods.flatMap(({ addresses }) => addresses).toSorted();
}

test("a node that loses its power comes back: pods are wired anew, and no lease of the former boot is left", async () => {
  const disk = mkdtempSync(join(tmpdir(), "tortie-disk-"));
  try {
    let former: readonly RunningPod[];
    let formerLeases: readonly string[];
    {
      await using node = await boot(disk);
      await node.startAgent([CALICO, PORTMAP]);
      await node.startContainerd();
      await node.untilNetworkReady();
      former = await runAll(node, 0);
      // One that no runtime remembers.
      const byHand = container("by-hand");
      using _network = byHand.network;
      expect((await call(node, "ADD", byHand)).exitCode).toBe(0);
      formerLeases = leases(node).toSorted();
      expect(formerLeases).toHaveLength(2 * (NAMES.length + 1));
      await expectPoliced(node, former);
    }
    await using node = await boot(disk);
    expect(leases(node).toSorted()).toEqual([...formerLeases]);
    expect([...links(node), ...records(node)]).toEqual([]);
    const { cri } = await node.startContainerd();
    // The configuration is there since before, so nobody waits for the agent but the plugin.
    await node.untilNetworkReady();
    const known = await cri.listPodSandboxes();
    expect(known.toSorted()).toEqual(former.map(({ sandbox }) => sandbox).toSorted());
    // The kubelet makes pods anew and removes what they had, all at once and in no order; one of them it forgets.
    const [forgotten, ...removed] = former;
    const making = runAll(node, 1);
    const removing = Promise.all(removed.map((pod) => removePod(node, pod)));
    await until(() => records(node).length > 0);
    await node.startAgent([CALICO, PORTMAP]);
    const [pods] = await Promise.all([making, removing]);
    expect(leases(node).toSorted()).toEqual(addressesOf(pods));
    expect(new Set(addressesOf(pods)).size).toBe(2 * NAMES.length);
    expect(records(node)).toHaveLength(NAMES.length);
    await expectPoliced(node, pods);

    if (forgotten !== undefined) await removePod(node, forgotten);
    expect(leases(node).toSorted()).toEqual(addressesOf(pods));
    for (const pod of pods) await removePod(node, pod);
    await untilNothingIsLeft(node);
    expect(await cri.listPodSandboxes()).toEqual([]);
    expect(existsSync(node.path("etc/cni/net.d/10-calico.conflist"))).toBe(true);
  } finally {
    rmSync(disk, { recursive: true, force: true });
  }
}, 120_000);
