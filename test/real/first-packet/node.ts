import { linkSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, tortieEntrypoints } from "../../../compile.ts";
import type { NetworkNamespace } from "../../../native/network-namespace.ts";
import { askHealth } from "../../agent/running-agent.ts";
import { type Cluster, startCluster } from "../cluster.ts";
import { installPlugins, writeNetwork } from "../cni-files.ts";
import { type Containerd, startContainerd } from "../containerd.ts";
import { kubeconfigText } from "../kubeconfig.ts";
import { type Kubelet, startKubelet } from "../kubelet.ts";
import { type Machine, startMachine } from "../machine.ts";
import { read } from "../pods.ts";
import type { ServerProcess } from "../server-process.ts";
import { connectOutside, EAR, MARKS, NODE_UPLINK, OUTSIDE, RANGES } from "./places.ts";
import { senderProgram } from "./sender.ts";
import { waitFor } from "./wait-for.ts";

export const NODE = "node-1";
const ROLE = new URL("../../../deploy/manifests/tortie-rbac.yaml", import.meta.url).pathname;

const READY_CONDITION = '{.status.conditions[?(@.type=="Ready")].status}';
/** How the plugin gets what it needs: all from its configuration, or from the agent. */
export type PluginConfiguration = "given" | "asked";

export interface FullNode extends AsyncDisposable {
  readonly machine: Machine;
  readonly outside: NetworkNamespace;
  readonly cluster: Cluster;
  readonly containerd: Containerd;
  readonly kubelet: Kubelet;
  /** Not started. */
  readonly agent: ServerProcess;
  /** Waits until the agent is ready, and its readiness has the words. */
  agentReady(words?: string): Promise<void>;
  readiness(): Promise<string>;
  configurePlugin(how: PluginConfiguration): void;
  /** The program that sends with the mark `early`: where this process finds it. */
  readonly earlySender: string;
}

export interface FullNodeOptions {
  /** The plugin's patience with the agent; 0: as long as it likes. */
  readonly setupTimeoutSeconds: number;
  /** An API server of its own for the agent. */
  readonly agentsPort?: (cluster: Cluster) => Promise<number>;
}

/** The conflist. */
export function pluginNetwork(
  how: PluginConfiguration,
  seconds: number,
): {
  readonly cniVersion: string;
  readonly name: string;
  readonly plugins: readonly [object];
} {
  const [range4, range6] = RANGES;
  const given = how === "given" ? range4 : "usePodCidr";
  const plugin = {
    type: "calico",
    datastore_type: "kubernetes",
    log_level: "info",
    mtu: how === "given" ? 1400 : 0,
    policy_setup_timeout_seconds: seconds,
    ipam: { type: "host-local", ranges: [[{ subnet: given }], [{ subnet: range6 }]] },
  };
  return { cniVersion: "1.0.0", name: "k8s-pod-network", plugins: [plugin] };
}

/** The agent's own account, with the rights of the manifest. */
async function agentKubeconfig(cluster: Cluster, port: number): Promise<string> {
  await cluster.kubectl(["apply", "-f", ROLE]);
  const directory = join(cluster.directory, "account");
  mkdirSync(directory);
  const tokenFile = join(directory, "token");
  writeFileSync(tokenFile, await cluster.serviceAccountToken("kube-system", "tortie"));
  const server = { server: `https://127.0.0.1:${port}`, "certificate-authority": cluster.identities.caFile };
  const path = join(directory, "kubeconfig");
  writeFileSync(path, kubeconfigText(server, { tokenFile }));
  return path;
}

/** A node with everything that a node has: kubelet, container runtime, agent, plugin; and the servers of its cluster. */
export async function startFullNode(options: FullNodeOptions): Promise<FullNode> {
  const { setupTimeoutSeconds, agentsPort } = options;
  await using building = new AsyncDisposableStack();
  const machine = building.use(await startMachine());
  const outside = building.use(connectOutside(machine.network));
  installPlugins(machine, ["host-local", "loopback"]);
  const bin = join(machine.root, "opt/cni/bin");
  linkSync(await build("x64", bin, tortieEntrypoints()), join(bin, "calico"));
  const configurePlugin = (how: PluginConfiguration): void =>
    writeNetwork(machine, pluginNetwork(how, setupTimeoutSeconds), "10-calico.conflist");
  configurePlugin("given");

  const targets = [...EAR, ...NODE_UPLINK, ...OUTSIDE];
  const programs = Object.entries(MARKS).map(([name, mark]) => ({
    path: `bin/${name}`,
    content: senderProgram({ targets, mark }),
  }));
  const earlySender = join(machine.root, "opt/early-sender");
  writeFileSync(earlySender, senderProgram({ targets, mark: MARKS.early }), { mode: 0o755 });

  const cluster = building.use(await startCluster({ network: machine.network }));
  const environment = {
    DATASTORE_TYPE: "kubernetes",
    KUBECONFIG: await agentKubeconfig(cluster, (await agentsPort?.(cluster)) ?? cluster.port),
    NODENAME: NODE,
    CALICO_MANAGE_CNI: "true",
  };
  const words = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const agent = machine.server("agent", ["env", ...words, "/opt/cni/bin/tortie", "agent"]);
  const containerd = await startContainerd(machine, { programs });
  const kubelet = await startKubelet(machine, containerd, cluster, {
    node: NODE,
    address: NODE_UPLINK[0] ?? "",
  });
  await waitFor(
    async () => (await read(cluster, "node", NODE, READY_CONDITION)) === "True",
    () => `the node is not ready: ${kubelet.server.said()}`,
  );
  // As a controller manager does. Before the kubelet came there was no node: it ends over one that it has not made.
  const range = { podCIDR: RANGES[0], podCIDRs: [RANGES[0]] };
  await cluster.kubectl(["patch", "node", NODE, "--patch", JSON.stringify({ spec: range })]);

  const readiness = async (): Promise<string> => {
    const answer = await askHealth(machine.network, "/readiness");
    return answer === undefined ? "" : `${answer.status} ${answer.body}`;
  };
  const resources = building.move();
  return {
    machine,
    outside,
    cluster,
    containerd,
    kubelet,
    agent,
    readiness,
    agentReady: (text = "") =>
      waitFor(
        async () => {
          const answer = await readiness();
          return answer.startsWith("200 ") && answer.includes(text);
        },
        () => `the agent is not ready: ${agent.said()}`,
      ),
    configurePlugin,
    earlySender,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
