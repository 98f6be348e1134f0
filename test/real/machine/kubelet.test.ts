import { afterAll, beforeAll, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../agent/running-agent.ts";
import { type Cluster, startCluster } from "../cluster.ts";
import { installPlugins, writeNetwork } from "../cni-files.ts";
import { type Containerd, startContainerd } from "../containerd.ts";
import { startControllerManager } from "../controller-manager.ts";
import { type Kubelet, startKubelet } from "../kubelet.ts";
import { type Machine, startMachine } from "../machine.ts";
import { podManifest, podSpec } from "../pod-manifest.ts";
import { applyObjects, deletePod, podEvents, podGone, podReady, read, readUntil } from "../pods.ts";

// The harness itself, with a plugin of others: a kubelet runs what the API server and its own directory tell it.
const NODE = "node-1";
const SPY = `#!/bin/sh
if [ -e /run/refuse ] && [ "$CNI_COMMAND" = ADD ]; then
  echo '{"cniVersion":"1.0.0","code":11,"msg":"the agent is not there yet"}'
  exit 1
fi
echo "$CNI_COMMAND $CNI_CONTAINERID $CNI_ARGS" >>/run/calls
exec /opt/cni/bin/ptp
`;

let resources: AsyncDisposableStack;
let machine: Machine;
let cluster: Cluster;
let containerd: Containerd;
let kubelet: Kubelet;
beforeAll(async () => {
  await using building = new AsyncDisposableStack();
  machine = building.use(await startMachine());
  installPlugins(machine, ["ptp", "host-local", "loopback"]);
  writeFileSync(join(machine.root, "opt/cni/bin/spy"), SPY, { mode: 0o755 });
  const ipam = { type: "host-local", subnet: "10.87.0.0/24", routes: [{ dst: "0.0.0.0/0" }] };
  writeNetwork(machine, { cniVersion: "1.0.0", name: "k8s-pod-network", plugins: [{ type: "spy", ipam }] });
  cluster = building.use(await startCluster({ network: machine.network }));
  building.use(startControllerManager(cluster, { clusterCidrs: ["10.87.0.0/16"] }));
  containerd = await startContainerd(machine);
  kubelet = await startKubelet(machine, containerd, cluster, { node: NODE });
  const ready = '{.status.conditions[?(@.type=="Ready")].status}';
  await readUntil(
    () => read(cluster, "node", NODE, ready),
    (answer) => answer === "True",
  );
  resources = building.move();
}, 120_000);
afterAll(() => resources?.disposeAsync());

interface Call {
  readonly command: string;
  readonly container: string;
  readonly args: string;
}

/** What the plugin was called with for a pod. */
async function callsOf(pod: string): Promise<Call[]> {
  const text = await Bun.file(join(machine.root, "run/calls")).text();
  return text
    .split("\n")
    .map((line) => line.split(" "))
    .map(([command = "", container = "", args = ""]) => ({ command, container, args }))
    .filter(({ args }) => args.split(";").includes(`K8S_POD_NAME=${pod}`));
}

/** A pod of the namespace `default` runs; then it is gone, the runtime's part of it, too. */
const running = (name: string): Promise<void> => podReady(cluster, `default/${name}`);
const remove = (name: string): Promise<void> => deletePod(cluster, `default/${name}`);
const part = (name: string, path: string): Promise<string> => read(cluster, "pod", name, path);

test("a pod that is told to this node starts, init container first, and ends", async () => {
  const show = ["ip", "-o", "address", "show", "dev", "eth0"];
  await applyObjects(cluster, podManifest({ name: "web", node: NODE, initCommand: show }));
  await running("web");
  const address = await part("web", "{.status.podIP}");
  expect(address).toMatch(/^10\.87\.0\.\d+$/);
  expect(await cluster.kubectl(["logs", "web", "--container=init"])).toContain(`inet ${address}/24`);
  expect(await cluster.kubectl(["exec", "web", "--", "hostname"])).toBe("web\n");
  const [add] = await callsOf("web");
  expect(add?.args.split(";")).toContain(`K8S_POD_UID=${await part("web", "{.metadata.uid}")}`);
  await remove("web");
  expect((await callsOf("web")).at(-1)?.command).toBe("DEL");
}, 60_000);

test("the node gets its range of addresses", async () => {
  const range = () => read(cluster, "node", NODE, "{.spec.podCIDR}");
  expect(await readUntil(range, (answer) => answer !== "")).toBe("10.87.0.0/24");
});

test("what the plugin refuses with is in the pod's events, and the pod starts by itself afterwards", async () => {
  writeFileSync(join(machine.root, "run/refuse"), "");
  await applyObjects(cluster, podManifest({ name: "waiting", node: NODE }));
  await readUntil(
    () => podEvents(cluster, "default/waiting", "FailedCreatePodSandBox"),
    (text) => text.includes('plugin type="spy" failed (add): the agent is not there yet'),
  );
  rmSync(join(machine.root, "run/refuse"));
  await running("waiting");
  await remove("waiting");
}, 90_000);

test("a pod of the node's own directory runs under the hash of its manifest", async () => {
  kubelet.putStaticPod("proxy", podManifest({ name: "proxy" }));
  const mirror = `proxy-${NODE}`;
  await running(mirror);
  const hash = await part(mirror, "{.metadata.annotations.kubernetes\\.io/config\\.hash}");
  expect(hash).toMatch(/^[0-9a-f]{32}$/);
  expect(await part(mirror, "{.metadata.uid}")).not.toBe(hash);
  const [add] = await callsOf(mirror);
  expect(add?.args.split(";")).toContain(`K8S_POD_UID=${hash}`);
  kubelet.removeStaticPod("proxy");
  await podGone(cluster, `default/${mirror}`);
}, 60_000);

test("a sandbox that dies is made anew for the same pod", async () => {
  await applyObjects(cluster, podManifest({ name: "hit", node: NODE }));
  await running("hit");
  const uid = await part("hit", "{.metadata.uid}");
  const [first] = await callsOf("hit");
  await containerd.ctr(["task", "kill", "--signal", "KILL", first?.container ?? ""]);
  const adds = async (): Promise<Call[]> => (await callsOf("hit")).filter(({ command }) => command === "ADD");
  await until(async () => (await adds()).length === 2);
  expect(new Set((await adds()).map(({ container }) => container)).size).toBe(2);
  for (const add of await adds()) expect(add.args.split(";")).toContain(`K8S_POD_UID=${uid}`);
  await running("hit");
  await remove("hit");
}, 90_000);

test("a stateful set makes its pod anew under the same name", async () => {
  const labels = { app: "db" };
  const template = { metadata: { labels }, spec: podSpec({ node: NODE }) };
  await applyObjects(cluster, {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name: "db", namespace: "default" },
    spec: { serviceName: "db", replicas: 1, selector: { matchLabels: labels }, template },
  });
  await running("db-0");
  const uid = await part("db-0", "{.metadata.uid}");
  await deletePod(cluster, "default/db-0", true);
  await readUntil(
    () => part("db-0", "{.metadata.uid}"),
    (found) => found !== uid && found !== "",
  );
  await running("db-0");
  await cluster.kubectl(["delete", "statefulset", "db"]);
  await podGone(cluster, "default/db-0");
}, 90_000);
