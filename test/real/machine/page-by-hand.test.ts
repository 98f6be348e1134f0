import { expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { askHealth, until } from "../../agent/running-agent.ts";
import { startScene } from "../../pages/scene.ts";
import { startCluster } from "../cluster.ts";
import { startMachine } from "../machine.ts";
import { newestProgram } from "../newest.ts";
import { createNamespace, createNode, createPod } from "../objects.ts";
import { builtExecutable } from "./plugin/built.ts";

const PAGE = new URL("../../../docs/cluster.md", import.meta.url).pathname;
const NODE = "node-1";

/** The page's own, with this cluster's address and authority. */
function kubeconfig(server: string, authority: string): string {
  const lines = readFileSync(PAGE, "utf8").split("\n");
  const begin = lines.indexOf("    apiVersion: v1");
  const end = lines.findIndex((line, at) => at > begin && !line.startsWith("    "));
  const text = lines.slice(begin, end).join("\n");
  return text.replace("https://10.0.0.1:6443", server).replace("/etc/kubernetes/pki/ca.crt", authority);
}

// What cluster.md tells somebody who starts the agent by hand, typed on a machine with an API server.
test("the page's way to start the agent by hand", async () => {
  await using machine = await startMachine();
  await using cluster = await startCluster({ network: machine.network, newest: true });
  await createNode(cluster, NODE, ["10.65.0.0/24"]);
  await createNamespace(cluster, "shop");
  for (const [at, name] of ["web", "database"].entries())
    await createPod(cluster, { namespace: "shop", name, node: NODE, addresses: [`10.65.0.${at + 2}`] });
  await machine.run(["install", await builtExecutable(), "/usr/local/bin/tortie"]);
  const text = kubeconfig(cluster.server, cluster.identities.caFile);
  mkdirSync(join(machine.root, "etc/tortie"), { recursive: true });
  writeFileSync(join(machine.root, "etc/tortie/kubeconfig"), text);
  for (const name of ["net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"])
    await machine.run(["sh", "-c", `echo 1 >/proc/sys/${name}`]);
  await using scene = startScene({
    command: (words) => machine.command(words),
    kubectl: newestProgram("kubectl"),
    environment: { KUBECONFIG: cluster.adminKubeconfig },
    goingOn: (typed) =>
      typed.endsWith("tortie agent")
        ? () => until(async () => (await askHealth(machine.network, "/readiness"))?.status === 200)
        : undefined,
  });
  expect(await scene.play("docs/cluster.md", "Starting it")).toContain("Allowed:");
}, 90_000);
