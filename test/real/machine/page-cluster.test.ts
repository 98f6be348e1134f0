import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Scene, startScene } from "../../pages/scene.ts";
import { newestProgram } from "../newest.ts";
import { POD_IMAGE } from "../pod-image.ts";
import { type ShippedNode, startShippedNode } from "./daemonset/shipped-node.ts";

// What the pages tell somebody with a cluster, typed on a node of one, from top to bottom.
let resources: AsyncDisposableStack;
let node: ShippedNode;
let scene: Scene;
const built = new Set<string>();
beforeAll(async () => {
  await using building = new AsyncDisposableStack();
  node = building.use(await startShippedNode());
  const { cluster, containerd, machine } = node;
  // The page makes it.
  await cluster.kubectl(["delete", "configmap", "kubernetes-services-endpoint", "--namespace=kube-system"]);
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
  const { cluster } = node;
  for (const file of readdirSync(addons).toSorted())
    await cluster.kubectl(["apply", "-f", "-"], readFileSync(join(addons, file), "utf8"));
  const rollout = ["rollout", "status", "daemonset/tortie", "--namespace=kube-system", "--timeout=60s"];
  expect(await cluster.kubectl(rollout)).toContain("successfully rolled out");
}, 120_000);

// Flannel's image and the platforms themselves are not to be had here: what is applied is accepted.
test("install.md: the other manifests are taken", async () => {
  await node.remove("tortie.yaml");
  await scene.play("docs/install.md", "kubeadm and flannel");
  await node.remove("tortie-flannel.yaml");
  await scene.play("docs/install.md", "Platforms");
  await node.remove("tortie.yaml");
  await scene.play("docs/install.md", "Beside another CNI plugin");
  const { cluster } = node;
  const rollout = ["rollout", "status", "daemonset/tortie", "--namespace=kube-system", "--timeout=60s"];
  expect(await cluster.kubectl(rollout)).toContain("successfully rolled out");
}, 180_000);
