import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../agent/running-agent.ts";
import { type Scene, startScene } from "../../pages/scene.ts";
import { newestProgram } from "../newest.ts";
import { POD_IMAGE } from "../pod-image.ts";
import { BRIDGE, startBridgedPod } from "./daemonset/bridged-pod.ts";
import { findProcess, processFacts } from "./daemonset/process-facts.ts";
import { rolledOut } from "./daemonset/rollout.ts";
import { type ShippedNode, startShippedNode } from "./daemonset/shipped-node.ts";

// What the pages tell somebody with a cluster, typed on a node of one, from top to bottom.
let resources: AsyncDisposableStack;
let node: ShippedNode;
let scene: Scene;
const built = new Set<string>();
/** Takes away what was there before tortie. */
let forget: () => Promise<void>;
beforeAll(async () => {
  await using building = new AsyncDisposableStack();
  node = building.use(await startShippedNode());
  const { cluster, containerd, machine } = node;
  // The page makes it.
  await cluster.kubectl(["delete", "configmap", "kubernetes-services-endpoint", "--namespace=kube-system"]);
  forget = await startBridgedPod(node);
  // The tutorial's pods run busybox, as those of the tests do.
  await containerd.ctr(["image", "tag", POD_IMAGE, "docker.io/library/busybox:1.36"]);
  scene = building.use(
    startScene({
      command: (words) => machine.command(words),
      kubectl: newestProgram("kubectl"),
      environment: { KUBECONFIG: cluster.adminKubeconfig },
      instead: (typed) => {
        // The README's way makes the image as install.md did before.
        if (typed.startsWith("script/") && built.has(typed)) return "true";
        built.add(typed);
        return typed.replace("HOST=10.0.0.1", "HOST=127.0.0.1").replace("PORT=6443", `PORT=${cluster.port}`);
      },
    }),
  );
  resources = building.move();
}, 120_000);
afterAll(() => resources?.disposeAsync());

test("install.md: the image, where the server is, and the single file", async () => {
  await scene.play("docs/install.md", "The image");
  await scene.play("docs/install.md", "Where the API server is");
  await scene.play("docs/install.md", "A single file");
}, 120_000);

test("a pod that another plugin wired before is named", async () => {
  const { cluster, machine } = node;
  const exec = "exec --namespace=kube-system daemonset/tortie --container=tortie -- tortie preflight";
  // It ends with 1, for no policy holds for that pod.
  const script = `KUBECONFIG="$1" "$0" ${exec} 2>&1 || true`;
  const report = await machine.run(["sh", "-c", script, newestProgram("kubectl"), cluster.adminKubeconfig]);
  expect(report.replaceAll(/\s+/g, " ")).toContain(
    `failed running pods another plugin wired default/old behind ${BRIDGE}: no policy holds for them`,
  );
  await forget();
}, 60_000);

test("preflight.md, beside the agent", async () => {
  await scene.play("docs/preflight.md", "In a cluster");
}, 60_000);

test("tutorial.md, as it is printed", async () => {
  const printed = await scene.play("docs/tutorial.md");
  expect(printed).toContain("condition met");
}, 120_000);

test("the README's way, where the image is made already", async () => {
  await node.remove("tortie.yaml");
  await scene.play("README.md", "On a cluster");
}, 120_000);

test("install.md: the addon manager takes both files", async () => {
  await scene.play("docs/install.md", "The addon manager");
  const addons = join(node.machine.root, "etc/kubernetes/addons");
  // As the addon manager does it.
  for (const file of readdirSync(addons).toSorted())
    await node.cluster.kubectl(["apply", "-f", "-"], readFileSync(join(addons, file), "utf8"));
  await rolledOut(node, "tortie");
}, 120_000);

// Flannel's image and the platforms themselves are not to be had here: what is applied is accepted.
test("install.md: the other manifests are taken", async () => {
  await node.remove("tortie.yaml");
  await scene.play("docs/install.md", "kubeadm and flannel");
  await node.remove("tortie-flannel.yaml");
  await scene.play("docs/install.md", "Platforms");
  await node.remove("tortie.yaml");
  await until(() => findProcess(node.machine, "tortie agent") === undefined);
  const brought = ["/opt/cni/bin/calico", "/etc/cni/net.d/10-calico.conflist"];
  await node.machine.run(["rm", ...brought]);
  await scene.play("docs/install.md", "Beside another CNI plugin");
  await rolledOut(node, "tortie");
  expect(processFacts(findProcess(node.machine, "tortie agent") ?? 0)).toMatchObject({
    capabilities: { effective: "0000000000001000" },
    seccomp: "2",
  });
  expect(brought.filter((path) => existsSync(node.path(path)))).toEqual([]);
}, 180_000);
