import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { NetworkNamespace } from "../../native/network-namespace.ts";
import { askHealth } from "../../test/agent/running-agent.ts";
import type { Cluster } from "../../test/real/cluster.ts";
import { kubeconfigText } from "../../test/real/kubeconfig.ts";
import { NODE } from "../scripted-cluster/cluster-size.ts";

const ROLE = new URL("../../deploy/manifests/tortie-rbac.yaml", import.meta.url).pathname;
const PAUSE_MILLISECONDS = 20;

/** A kubeconfig with the agent's own account and rights. */
async function agentKubeconfig(cluster: Cluster, directory: string): Promise<string> {
  await cluster.kubectl(["apply", "-f", ROLE]);
  const token = join(directory, "token");
  writeFileSync(token, await cluster.serviceAccountToken("kube-system", "tortie"));
  const path = join(directory, "kubeconfig");
  const server = { server: cluster.server, "certificate-authority": cluster.identities.caFile };
  writeFileSync(path, kubeconfigText(server, { tokenFile: token }));
  return path;
}

export interface AgentOptions {
  readonly cluster: Cluster;
  readonly network: NetworkNamespace;
  readonly executable: string;
  /** For its kubeconfig and its log. */
  readonly directory: string;
  /** Milliseconds until it must be ready. */
  readonly limit: number;
}

/** Starts the agent on the node and waits until it is ready. */
export async function startAgent(options: AgentOptions): Promise<AsyncDisposable> {
  const { cluster, network, executable, directory, limit } = options;
  mkdirSync(directory, { recursive: true });
  const log = join(directory, "agent.log");
  const environment = {
    PATH: process.env["PATH"] ?? "",
    DATASTORE_TYPE: "kubernetes",
    KUBECONFIG: await agentKubeconfig(cluster, directory),
    NODENAME: NODE,
    // The lab wires pods as Calico's plugin does.
    CALICO_MANAGE_CNI: "true",
    TORTIE_RUNDIRECTORY: join(directory, "run"),
    TORTIE_STATEDIRECTORY: join(directory, "state"),
  };
  const out = openSync(log, "a");
  const child = network.run(() =>
    Bun.spawn([executable, "agent"], { env: environment, stdin: "ignore", stdout: out, stderr: out }),
  );
  closeSync(out);
  const end = async (): Promise<void> => {
    child.kill("SIGKILL");
    await child.exited;
  };
  const endsAt = performance.now() + limit;
  while ((await askHealth(network, "/readiness"))?.status !== 200) {
    if (child.exitCode === null && performance.now() < endsAt) {
      await Bun.sleep(PAUSE_MILLISECONDS);
      continue;
    }
    await end();
    throw new Error(
      `the agent was not ready within ${limit / 1000} s; it said: ${readFileSync(log, "utf8").slice(-4000)}`,
    );
  }
  return { [Symbol.asyncDispose]: end };
}
