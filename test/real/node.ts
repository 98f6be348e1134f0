import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createLab, type Lab, type LabPod } from "../../demo/lab/lab.ts";
import { type Answer, askHealth, type RunningAgent, startTortie, until } from "../agent/running-agent.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { kubeconfigText } from "./kubeconfig.ts";
import { createNamespace, createNode, createPod } from "./objects.ts";

const ROLE = new URL("../../deploy/manifests/tortie-rbac.yaml", import.meta.url).pathname;

/** The name of the node, and the address ranges of its pods: those of the lab. */
export const NODE = "node-1";
const POD_CIDRS = ["10.65.0.0/24", "fd00:65::/64"];

/** A node with pods in network namespaces, the servers of its cluster on its loopback, and the agents started on it. */
export interface RealNode extends AsyncDisposable {
  readonly lab: Lab;
  readonly cluster: Cluster;
  /** A directory with `ca.crt` and `token` of the agent's own account, as it is mounted into a pod. */
  readonly account: string;
  /** The environment of an agent that connects with the agent's own account to the server, or to another port. */
  environment(port?: number): Record<string, string>;
  agent(environment?: Readonly<Record<string, string>>, before?: readonly string[]): RunningAgent;
  readiness(): Promise<Answer | undefined>;
  liveness(): Promise<Answer | undefined>;
  /** Waits until readiness is 200, and its text has the words if there are some. */
  untilReady(words?: string): Promise<void>;
  /** Tells the cluster of a pod of the lab. */
  announce(pod: LabPod, labels?: Readonly<Record<string, string>>): Promise<void>;
}

/** Builds it and tells the cluster of its namespaces and of the node, but of no pod. */
export async function startNode(pods: readonly LabPod[]): Promise<RealNode> {
  await using building = new AsyncDisposableStack();
  const lab = building.use(createLab({ pods }));
  const { network } = lab.node;
  const cluster = building.use(await startCluster({ network }));
  const agents: RunningAgent[] = [];
  building.defer(async () => {
    await Promise.all(agents.map((agent) => agent.end("SIGKILL")));
  });
  await cluster.kubectl(["apply", "-f", ROLE]);
  await createNode(cluster, NODE, POD_CIDRS);
  for (const namespace of new Set(pods.map((pod) => pod.namespace)))
    await createNamespace(cluster, namespace, { name: namespace });
  const account = join(cluster.directory, "account");
  mkdirSync(account);
  writeFileSync(join(account, "ca.crt"), cluster.identities.authority.cert);
  writeFileSync(join(account, "token"), await cluster.serviceAccountToken("kube-system", "tortie"));

  const environment = (port = cluster.port): Record<string, string> => {
    const path = join(cluster.directory, `agent-${port}.kubeconfig`);
    const server = {
      server: `https://127.0.0.1:${port}`,
      "certificate-authority": join(account, "ca.crt"),
    };
    writeFileSync(path, kubeconfigText(server, { tokenFile: join(account, "token") }));
    return { DATASTORE_TYPE: "kubernetes", KUBECONFIG: path, NODENAME: NODE };
  };
  const readiness = (): Promise<Answer | undefined> => askHealth(network, "/readiness");
  const resources = building.move();
  return {
    lab,
    cluster,
    account,
    environment,
    agent: (changes = environment(), before = []) => {
      const agent = startTortie(
        network,
        ["agent"],
        { PATH: process.env["PATH"] ?? "", FELIX_LOGSEVERITYSCREEN: "debug", ...changes },
        before,
      );
      agents.push(agent);
      return agent;
    },
    readiness,
    liveness: () => askHealth(network, "/liveness"),
    untilReady: (words = "") =>
      until(async () => {
        const answer = await readiness();
        return answer?.status === 200 && answer.body.includes(words);
      }),
    announce: async ({ namespace, name }, labels = {}) => {
      const addresses = lab.pods.get(`${namespace}/${name}`)?.addresses ?? [];
      await createPod(cluster, { namespace, name, node: NODE, labels, addresses });
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
