import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "bun:test";
import { NetworkNamespace } from "../../native/network-namespace.ts";
import { askHealth, type RunningAgent, startTortie, until } from "../agent/running-agent.ts";
import { ip, setSysctl } from "../netns/other-cni/commands.ts";
import { agentToken } from "./agent-token.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { createNamespace, createNode, createPod } from "./objects.ts";
import { program } from "./programs.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;
const MANIFESTS = new URL("../../deploy/manifests/", import.meta.url).pathname;
const NODE = "node-1";

interface Node extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly agent: RunningAgent;
  /** Calls `tortie cni` as a runtime does for the pod shop/web. */
  wire(): Promise<void>;
  /** Of the pod, by what follows cni.projectcalico.org/. */
  annotations(): Promise<Readonly<Record<string, string>>>;
}

/** A node whose pods the agent's own plugin wires, with the agent of a manifest's account and the token that a kubelet gets for it. */
async function startNode(manifest: string, newest: boolean): Promise<Node> {
  await using building = new AsyncDisposableStack();
  const network = building.use(NetworkNamespace.create());
  const pod = building.use(NetworkNamespace.create());
  ip(network, "link set lo up");
  for (const name of ["ipv4/ip_forward", "ipv6/conf/all/forwarding"]) setSysctl(network, `net/${name}`, "1");
  const cluster = building.use(await startCluster({ network, newest }));
  await cluster.kubectl(["apply", "--filename", join(MANIFESTS, manifest)]);
  await createNode(cluster, NODE, ["10.65.0.0/24"]);
  await createNamespace(cluster, "shop");
  await createPod(cluster, { namespace: "shop", name: "web", node: NODE, addresses: [] });
  const run = join(cluster.directory, "run");
  mkdirSync(run);
  const agent = startTortie(network, ["agent"], {
    PATH: process.env["PATH"] ?? "",
    DATASTORE_TYPE: "kubernetes",
    K8S_API_ENDPOINT: cluster.server,
    K8S_CA_FILE: cluster.identities.caFile,
    K8S_TOKEN: await agentToken(cluster, NODE),
    NODENAME: NODE,
    CALICO_MANAGE_CNI: "true",
    TORTIE_RUNDIRECTORY: run,
    TORTIE_STATEDIRECTORY: join(cluster.directory, "state"),
  });
  building.defer(async () => void (await agent.end("SIGKILL")));
  await until(async () => (await askHealth(network, "/readiness"))?.status === 200);
  const uid = await cluster.kubectl([
    "get",
    "pod",
    "--namespace=shop",
    "web",
    "--output=jsonpath={.metadata.uid}",
  ]);
  const ipam = { type: "host-local", subnet: "usePodCidr", dataDir: join(cluster.directory, "leases") };
  const configuration = { cniVersion: "1.0.0", name: "k8s-pod-network", type: "calico", run_dir: run, ipam };
  const resources = building.move();
  return {
    cluster,
    agent,
    wire: async () => {
      const env = {
        PATH: process.env["PATH"] ?? "",
        CNI_COMMAND: "ADD",
        CNI_CONTAINERID: "c1",
        CNI_NETNS: pod.path,
        CNI_IFNAME: "eth0",
        CNI_PATH: dirname(program("host-local")),
        CNI_ARGS: `K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web;K8S_POD_UID=${uid}`,
      };
      const stdin = Buffer.from(JSON.stringify(configuration));
      const words = [process.execPath, MAIN, "cni"];
      const child = network.run(() => Bun.spawn(words, { env, stdin, stdout: "pipe", stderr: "inherit" }));
      const [out] = await Promise.all([child.stdout.text(), child.exited]);
      if (child.exitCode !== 0) throw new Error(`tortie cni: ${out}`);
    },
    annotations: async () => {
      const text = await cluster.kubectl(["get", "pod", "--namespace=shop", "web", "--output=json"]);
      const { annotations = {} } = (
        JSON.parse(text) as { metadata: { annotations?: Record<string, string> } }
      ).metadata;
      const own = Object.entries(annotations).map(([name, value]) => [
        name.replace("cni.projectcalico.org/", ""),
        value,
      ]);
      return Object.fromEntries(own) as Record<string, string>;
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

test("with the account of tortie.yaml and a kubelet's token the agent annotates its pods at the newest server", async () => {
  await using node = await startNode("tortie.yaml", true);
  await node.wire();
  const wired = { podIP: "10.65.0.2/32", podIPs: "10.65.0.2/32", containerID: "c1" };
  await until(async () => Bun.deepEquals(await node.annotations(), wired));
  expect(node.agent.out()).not.toMatch(/"level":"(warning|error)"/);
}, 60_000);

test("at 1.20, whose server cannot bind that right, the agent leaves annotations out and says so once", async () => {
  await using node = await startNode("tortie-before-1.30.yaml", false);
  await node.wire();
  await until(() => node.agent.messages().includes("pods are not annotated"));
  expect(await node.annotations()).toEqual({});
  expect(await node.agent.end("SIGTERM")).toBe(0);
  expect(node.agent.messages().filter((message) => message.includes("annotated"))).toEqual([
    "pods are not annotated",
  ]);
}, 60_000);
