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

interface NodeOptions {
  readonly manifests: readonly string[];
  readonly newest: boolean;
  /** A token of the account, for an agent of that node. */
  readonly token: (cluster: Cluster, node: string) => Promise<string>;
}

/** As docs/cluster.md makes it. */
function tokenOfPerson(cluster: Cluster, ...bound: readonly string[]): Promise<string> {
  return cluster.kubectl(["--namespace=kube-system", "create", "token", "tortie", ...bound]);
}

const boundToken: NodeOptions["token"] = (cluster, node) =>
  tokenOfPerson(cluster, "--bound-object-kind=Node", `--bound-object-name=${node}`);

/** A node whose pods the agent's own plugin wires, with the account of these manifests. */
async function startNode({ manifests, newest, token }: NodeOptions): Promise<Node> {
  await using building = new AsyncDisposableStack();
  const network = building.use(NetworkNamespace.create());
  const pod = building.use(NetworkNamespace.create());
  ip(network, "link set lo up");
  for (const name of ["ipv4/ip_forward", "ipv6/conf/all/forwarding"]) setSysctl(network, `net/${name}`, "1");
  const cluster = building.use(await startCluster({ network, newest }));
  for (const one of manifests) await cluster.kubectl(["apply", "--filename", join(MANIFESTS, one)]);
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
    K8S_TOKEN: (await token(cluster, NODE)).trim(),
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

const WIRED = { podIP: "10.65.0.2/32", podIPs: "10.65.0.2/32", containerID: "c1" };

test("with the account of tortie.yaml and a kubelet's token the agent annotates its pods at the newest server", async () => {
  await using node = await startNode({ manifests: ["tortie.yaml"], newest: true, token: agentToken });
  await node.wire();
  await until(async () => Bun.deepEquals(await node.annotations(), WIRED));
  expect(node.agent.out()).not.toMatch(/"level":"(warning|error)"/);
}, 60_000);

test("at 1.20, whose server cannot bind that right, the agent leaves annotations out and says so once", async () => {
  await using node = await startNode({
    manifests: ["tortie-before-1.30.yaml"],
    newest: false,
    token: agentToken,
  });
  await node.wire();
  await until(() => node.agent.messages().includes("pods are not annotated"));
  expect(await node.annotations()).toEqual({});
  expect(await node.agent.end("SIGTERM")).toBe(0);
  expect(node.agent.messages().filter((message) => message.includes("annotated"))).toEqual([
    "pods are not annotated",
  ]);
}, 60_000);

test("an agent that may only read, as tortie-rbac.yaml has it, leaves annotations out and says so once, not as an error", async () => {
  const manifests = ["tortie-rbac.yaml"];
  await using node = await startNode({ manifests, newest: true, token: (cluster) => tokenOfPerson(cluster) });
  await node.wire();
  await until(() => node.agent.messages().includes("pods are not annotated"));
  expect(await node.annotations()).toEqual({});
  expect(await node.agent.end("SIGTERM")).toBe(0);
  expect(node.agent.messages().filter((message) => message.includes("annotated"))).toHaveLength(1);
  expect(node.agent.out()).not.toMatch(/"level":"(warning|error)"/);
}, 60_000);

test("with tortie-annotations.yaml beside it, and a token that is bound to its node, it annotates", async () => {
  const manifests = ["tortie-rbac.yaml", "tortie-annotations.yaml"];
  await using node = await startNode({ manifests, newest: true, token: boundToken });
  await node.wire();
  await until(async () => Bun.deepEquals(await node.annotations(), WIRED));
  expect(node.agent.out()).not.toMatch(/"level":"(warning|error)"/);
}, 60_000);
