import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { nftOrThrow } from "../../netns/nft-command.ts";
import { type Scene, startScene } from "../../pages/scene.ts";
import { newestProgram } from "../newest.ts";
import { read, readUntil } from "../pods.ts";
import { type ShippedNode, startShippedNode } from "./daemonset/shipped-node.ts";

// What upgrade.md and uninstall.md tell somebody with a cluster, typed on a node of one.
const MANIFEST = new URL("../../../deploy/manifests/tortie.yaml", import.meta.url).pathname;
const TORTIE = "/opt/cni/bin/tortie";

let resources: AsyncDisposableStack;
let node: ShippedNode;
let scene: Scene;
beforeAll(async () => {
  await using building = new AsyncDisposableStack();
  node = building.use(await startShippedNode());
  const { cluster, machine } = node;
  scene = building.use(
    startScene({
      command: (words) => machine.command(words),
      kubectl: newestProgram("kubectl"),
      environment: { KUBECONFIG: cluster.adminKubeconfig },
      // The page says to run it again where the agent does not enforce yet.
      instead: (typed) =>
        typed.includes(`${TORTIE} install`) ? `until ${typed} 2>&1; do sleep 1; done` : typed,
    }),
  );
  resources = building.move();
}, 120_000);
afterAll(() => resources?.disposeAsync());

const ABSENT = { kubernetes: "none" };

/** What of Calico's matters here: its objects' names, and rules of an agent that is no more. */
async function leaveCalico(): Promise<void> {
  const { cluster, machine } = node;
  const metadata = { name: "calico-node", namespace: "kube-system" };
  const labels = { "k8s-app": "calico-node" };
  const spec = { nodeSelector: ABSENT, containers: [{ name: "calico-node", image: "none" }] };
  const template = { metadata: { labels }, spec };
  const map = { apiVersion: "v1", kind: "ConfigMap", metadata: { ...metadata, name: "calico-config" } };
  const set = {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata,
    spec: { selector: { matchLabels: labels }, template },
  };
  for (const object of [map, set]) await cluster.kubectl(["create", "-f", "-"], JSON.stringify(object));
  nftOrThrow(machine.network, [
    "add table ip calico; add chain ip calico filter-FORWARD { type filter hook forward priority 0; }",
  ]);
}

/** Of tortie and of Calico: the kubelet has some of its own. */
function tables(): string[] {
  const all = nftOrThrow(node.machine.network, ["list tables"]).split("\n");
  return all.filter((line) => /tortie|calico/.test(line));
}

/** Of tortie, in the node's directories. */
function files(): string[] {
  const list = (path: string): string[] => {
    const directory = node.path(path);
    return existsSync(directory) ? readdirSync(directory).map((name) => join(path, name)) : [];
  };
  const own = (path: string): boolean => /tortie|calico|mtu|agent/.test(path.split("/").at(-1) ?? "");
  return ["opt/cni/bin", "etc/cni/net.d", "run/tortie", "var/lib/calico"].flatMap(list).filter(own);
}

test("from Calico, in place", async () => {
  await leaveCalico();
  await scene.play("docs/upgrade.md", "In place");
  expect(tables()).toEqual(["table inet tortie"]);
}, 120_000);

test("from one version to the next, and back again", async () => {
  const former = readFileSync(MANIFEST, "utf8").replace(
    "terminationGracePeriodSeconds: 5",
    "terminationGracePeriodSeconds: 6",
  );
  const { cluster } = node;
  await cluster.kubectl(["apply", "-f", "-"], former);
  // Only what the controller has seen is a revision that one can go back to.
  await readUntil(
    () =>
      read(cluster, "daemonset", "kube-system/tortie", "{.metadata.generation} {.status.observedGeneration}"),
    (both) => new Set(both.split(" ")).size === 1,
  );
  await scene.play("docs/upgrade.md", "A DaemonSet");
  const path = "--output=jsonpath={.spec.template.spec.terminationGracePeriodSeconds}";
  expect(await cluster.kubectl(["get", "daemonset/tortie", "--namespace=kube-system", path])).toBe("6");
}, 240_000);

test("off one node, on again, and off the cluster", async () => {
  await node.machine.run(["install", node.path(TORTIE), "/usr/local/bin/tortie"]);
  const { cluster } = node;
  await cluster.kubectl(["delete", "--cascade=foreground", "-f", MANIFEST]);
  expect(tables()).toEqual(["table inet tortie"]);
  await scene.play("docs/uninstall.md", "From one node");
  expect([tables(), files()]).toEqual([[], []]);
  const again = await node.machine.run(["tortie", "uninstall"]);
  expect(again).toBe("There is nothing of tortie on this node.\n");
  await cluster.kubectl(["apply", "-f", MANIFEST]);
  await cluster.kubectl([
    "rollout",
    "status",
    "daemonset/tortie",
    "--namespace=kube-system",
    "--timeout=60s",
  ]);
  expect(tables()).toEqual(["table inet tortie"]);
  await scene.play("docs/uninstall.md", "From a cluster");
  expect([tables(), files()]).toEqual([[], []]);
}, 120_000);
