import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { ROUTE_PROTOCOL } from "../../../dataplane/route/route-protocol.ts";
import { HELPERS } from "../../../install/helper-plugins.ts";
import { until } from "../../agent/running-agent.ts";
import { nftOrThrow } from "../../netns/nft-command.ts";
import { ip } from "../../netns/other-cni/commands.ts";
import { type Scene, startScene } from "../../pages/scene.ts";
import { newestProgram } from "../newest.ts";
import { podReady, read, readUntil } from "../pods.ts";
import { podsOf, rolledOut } from "./daemonset/rollout.ts";
import { type ShippedNode, startShippedNode } from "./daemonset/shipped-node.ts";
import { createShop } from "./daemonset/workloads.ts";

// What upgrade.md and uninstall.md tell somebody with a cluster, typed on a node of one.
const MANIFEST = new URL("../../../deploy/manifests/tortie.yaml", import.meta.url).pathname;
const TORTIE = "/opt/cni/bin/tortie";
const LOGS =
  "kubectl --namespace kube-system logs --selector=k8s-app=tortie-uninstall --container=uninstall --tail=-1";
const NOTHING = "There is nothing of tortie on this node.\n";

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
      instead: (typed) => {
        // The page says to run it again where the agent does not enforce yet.
        if (typed.includes(`${TORTIE} install`)) return `until ${typed} 2>&1; do sleep 1; done`;
        // And what shows why it does not end.
        return typed === "kubectl delete -f deploy/manifests/tortie-uninstall.yaml"
          ? `${LOGS}\n${typed}`
          : typed;
      },
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

/** Those to pods that tortie wired. */
function routes(): string {
  return ip(node.machine.network, `route show table all proto ${ROUTE_PROTOCOL}`);
}

/** What there is in the directories that tortie writes to. */
function files(): string[] {
  const list = (path: string): string[] => {
    const directory = node.path(path);
    const all = existsSync(directory) ? readdirSync(directory, { recursive: true, withFileTypes: true }) : [];
    return all
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(path, relative(directory, entry.parentPath), entry.name));
  };
  return ["opt/cni/bin", "etc/cni/net.d", "run/tortie", "var/lib/calico"].flatMap(list).toSorted();
}

/** Nothing but the plugins of others. */
function expectNothing(): void {
  const helpers = HELPERS.map((name) => `opt/cni/bin/${name}`).toSorted();
  expect({ tables: tables(), routes: routes(), files: files() }).toEqual({
    tables: [],
    routes: "",
    files: helpers,
  });
}

test("from Calico, in place", async () => {
  await leaveCalico();
  await createShop(node.cluster);
  await scene.play("docs/upgrade.md", "In place");
  expect(tables()).toEqual(["table inet tortie"]);
  await podReady(node.cluster, "shop/web");
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

test("off one node, with a pod that still runs", async () => {
  await node.machine.run(["install", node.path(TORTIE), "/usr/local/bin/tortie"]);
  await node.cluster.kubectl(["delete", "--cascade=foreground", "-f", MANIFEST]);
  expect(tables()).toEqual(["table inet tortie"]);
  expect(routes()).toContain(await read(node.cluster, "pod", "shop/web", "{.status.podIP}"));
  await scene.play("docs/uninstall.md", "From one node");
  expectNothing();
  expect(await node.machine.run(["tortie", "uninstall"])).toBe(NOTHING);
}, 120_000);

test("on again, and off the cluster; a second time finds nothing", async () => {
  const { cluster } = node;
  await node.apply("tortie.yaml");
  await rolledOut(node, "tortie");
  expect(tables()).toEqual(["table inet tortie"]);
  expect(await scene.play("docs/uninstall.md", "From a cluster")).toContain(
    "Removed nftables table inet tortie\n",
  );
  expectNothing();
  await until(async () => (await podsOf(node, "tortie-uninstall")) === "");
  await node.apply("tortie-uninstall.yaml");
  const logs = ["logs", "--namespace=kube-system", await rolledOut(node, "tortie-uninstall")];
  for (const container of ["uninstall", "done"])
    expect(await cluster.kubectl([...logs, `--container=${container}`])).toBe(NOTHING);
}, 120_000);
