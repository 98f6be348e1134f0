import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { until } from "../../agent/running-agent.ts";
import { deletePod, podEvents, podReady, read, readUntil } from "../pods.ts";
import { importTortie } from "./daemonset/node-image.ts";
import { factsOfShortLived, findProcess, processFacts, residentMemory } from "./daemonset/process-facts.ts";
import { podsOf, rolledOut } from "./daemonset/rollout.ts";
import { type ShippedNode, startShippedNode } from "./daemonset/shipped-node.ts";
import { answers, answersFor, createAsker, createShop } from "./daemonset/workloads.ts";

// The manifests as they are checked in, the image as script/image makes it, Debian's containerd and kubelet, the newest API
// server. What this machine has not is not exercised: cgroups with controllers, so the limits of memory; AppArmor; SELinux.
// One node lives through all of it, in this order.
const NEXT = "localhost/tortie:next";
const NEXT_VERSION = "0.1.0-next";

let node: ShippedNode;
beforeAll(async () => {
  node = await startShippedNode();
}, 120_000);
afterAll(() => node?.[Symbol.asyncDispose]());

const ROLES = ["friend", "stranger"] as const;
const ENFORCED = { friend: "y", stranger: "n" };

/** Asks until it is there. */
function partOf(kind: string, object: string, path: string): Promise<string> {
  return readUntil(
    () => read(node.cluster, kind, object, path),
    (text) => text !== "",
  );
}

function agent(): number | undefined {
  return findProcess(node.machine, "tortie agent");
}

const NET_ADMIN = "0000000000001000";
const NONE = "0000000000000000";
const CONFINED = {
  seccomp: "2",
  noNewPrivileges: "1",
  user: "0\t0\t0\t0",
  rootOptions: expect.stringMatching(/^ro,/),
};

test("a pod that waits for a network starts once the DaemonSet is there; nothing runs with more rights than the manifest gives", async () => {
  const { cluster, machine } = node;
  await createShop(cluster);
  await readUntil(
    () => podEvents(cluster, "shop/web", "NetworkNotReady"),
    (events) => events.includes("network is not ready"),
  );
  const [installing] = await Promise.all([
    factsOfShortLived(machine, "tortie install"),
    node.apply("tortie.yaml"),
  ]);
  expect(installing).toEqual({
    capabilities: { effective: NONE, permitted: NONE, bounding: NONE },
    ...CONFINED,
  });
  const pod = await rolledOut(node, "tortie");
  const installed = await cluster.kubectl([
    "logs",
    "--namespace=kube-system",
    pod,
    "--container=install-cni",
  ]);
  expect(installed).toStartWith("Wrote Calico CNI binaries to /host/opt/cni/bin\n");
  expect(installed).toMatch(
    /\nCNI plugin version: \S+ \(commit \S+\)\nDone configuring CNI\. {2}Sleep=false\n$/,
  );
  expect(installed).not.toContain("Note:");
  for (const name of ["opt/cni/bin/calico", "opt/cni/bin/host-local", "etc/cni/net.d/10-calico.conflist"])
    expect(existsSync(node.path(name))).toBe(true);
  const pid = agent() ?? 0;
  expect(processFacts(pid)).toEqual({
    capabilities: { effective: NET_ADMIN, permitted: NET_ADMIN, bounding: NET_ADMIN },
    ...CONFINED,
  });
  await podReady(cluster, "shop/web");
  // Written by the agent with the pod's bound token, under the admission policy of the manifest.
  const annotation = "{.metadata.annotations.cni\\.projectcalico\\.org/podIP}";
  expect(await partOf("pod", "shop/web", annotation)).toBe(
    `${await partOf("pod", "shop/web", "{.status.podIP}")}/32`,
  );
  const { share, own } = residentMemory(pid);
  process.stdout.write(
    `the DaemonSet's agent at rest: ${share.toFixed(0)} MiB resident, ${own.toFixed(0)} MiB of them its own\n`,
  );
}, 60_000);

test("pods that start afterwards get addresses, and policy is enforced between them", async () => {
  const { cluster } = node;
  const address = await partOf("pod", "shop/web", "{.status.podIP}");
  expect(address).toMatch(/^10\.244\.0\.\d+$/);
  await Promise.all(ROLES.map((role) => createAsker(cluster, role, address)));
  await Promise.all(ROLES.map((role) => podReady(cluster, `shop/${role}`)));
  expect(await answersFor(cluster, ROLES, 3)).toEqual(ENFORCED);
}, 60_000);

test("the kubelet finds the agent alive, and starts it again after it ended as it was asked to", async () => {
  const { cluster } = node;
  const pod = `kube-system/${await rolledOut(node, "tortie")}`;
  expect(await podEvents(cluster, pod, "Unhealthy")).not.toContain("Liveness");
  process.kill(agent() ?? 0, "SIGTERM");
  const ended = "{.status.containerStatuses[0].lastState.terminated.exitCode}";
  expect(await partOf("pod", pod, ended)).toBe("0");
  await rolledOut(node, "tortie");
  expect(await read(cluster, "pod", pod, "{.status.containerStatuses[0].restartCount}")).toBe("1");
}, 60_000);

test("while its pod is deleted and made anew policy stays in force", async () => {
  const { cluster } = node;
  const before = await rolledOut(node, "tortie");
  await deletePod(cluster, `kube-system/${before}`);
  await until(async () => !["", before].includes(await podsOf(node, "tortie")));
  await rolledOut(node, "tortie");
  expect(await answersFor(cluster, ROLES, 2)).toEqual(ENFORCED);
  expect(new Set(await answers(cluster, "friend"))).toEqual(new Set("y"));
  expect(new Set(await answers(cluster, "stranger"))).toEqual(new Set("n"));
}, 60_000);

test("an upgrade of the image replaces agent and plugin, and cuts nothing", async () => {
  const { cluster, containerd, machine } = node;
  const plugin = (): Promise<string> => machine.run(["/opt/cni/bin/calico", "-v"]);
  expect(await plugin()).not.toContain(NEXT_VERSION);
  await importTortie(containerd, { stamp: NEXT_VERSION, image: NEXT });
  const images = [`tortie=${NEXT}`, `install-cni=${NEXT}`];
  await cluster.kubectl(["set", "image", "daemonset/tortie", "--namespace=kube-system", ...images]);
  const pod = await rolledOut(node, "tortie");
  expect(await read(cluster, "pod", `kube-system/${pod}`, "{.spec.containers[0].image}")).toBe(NEXT);
  expect(await plugin()).toContain(NEXT_VERSION);
  expect(await cluster.kubectl(["logs", "--namespace=kube-system", pod])).toContain(NEXT_VERSION);
  expect(await answersFor(cluster, ROLES, 2)).toEqual(ENFORCED);
  const friend = await answers(cluster, "friend");
  expect(new Set(friend)).toEqual(new Set("y"));
  expect(new Set(await answers(cluster, "stranger"))).toEqual(new Set("n"));
}, 60_000);
