import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { until } from "../../agent/running-agent.ts";
import { nft } from "../../netns/nft-command.ts";
import { ip } from "../../netns/other-cni/commands.ts";
import { deletePod, podReady } from "../pods.ts";
import { findProcess, processFacts } from "./daemonset/process-facts.ts";
import { podsOf, rolledOut } from "./daemonset/rollout.ts";
import { type ShippedNode, startShippedNode } from "./daemonset/shipped-node.ts";
import { createShop } from "./daemonset/workloads.ts";

let node: ShippedNode;
beforeAll(async () => {
  node = await startShippedNode();
}, 120_000);
afterAll(() => node?.[Symbol.asyncDispose]());

/** What tortie left on the node, but for directories that were mounted and are empty. */
function left(): string[] {
  const directories = ["opt/cni/bin", "etc/cni/net.d", "run/tortie", "var/lib/calico"];
  const glob = new Bun.Glob("**");
  const files = directories.flatMap((cwd) => [
    ...glob.scanSync({ cwd: node.path(cwd), dot: true, onlyFiles: true }),
  ]);
  const { network } = node.machine;
  return [
    ...files.toSorted(),
    ip(network, "route show table all proto 84"),
    nft(network, ["list tables"]).output,
  ];
}

test("tortie-uninstall.yaml leaves nothing on the node, and a second time finds nothing", async () => {
  const { cluster } = node;
  await node.apply("tortie.yaml");
  await createShop(cluster);
  await rolledOut(node, "tortie");
  await podReady(cluster, "shop/web");
  await deletePod(cluster, "shop/web");
  await node.remove("tortie.yaml");
  await until(() => findProcess(node.machine, "tortie agent") === undefined);
  const others = ["bandwidth", "host-local", "loopback", "portmap", "tuning"];
  expect(left().join("\n")).toContain("table inet tortie");
  for (const found of [
    "Removed nftables table inet tortie\n",
    "There is nothing of tortie on this node.\n",
  ]) {
    await node.apply("tortie-uninstall.yaml");
    const pod = await rolledOut(node, "tortie-uninstall");
    const logs = ["logs", "--namespace=kube-system", pod];
    expect(await cluster.kubectl([...logs, "--container=uninstall"])).toContain(found);
    expect(await cluster.kubectl(logs)).toBe("There is nothing of tortie on this node.\n");
    expect(left()).toEqual([...others, "", ""]);
    await node.remove("tortie-uninstall.yaml");
    await until(async () => (await podsOf(node, "tortie-uninstall")) === "");
  }
}, 60_000);

test("tortie-policy-only.yaml gets ready beside another plugin, and brings none of its own", async () => {
  await node.apply("tortie-policy-only.yaml");
  await rolledOut(node, "tortie");
  expect(processFacts(findProcess(node.machine, "tortie agent") ?? 0)).toMatchObject({
    capabilities: { effective: "0000000000001000" },
    seccomp: "2",
  });
  expect(existsSync(node.path("opt/cni/bin/calico"))).toBe(false);
  expect(existsSync(node.path("etc/cni/net.d/10-calico.conflist"))).toBe(false);
}, 60_000);
