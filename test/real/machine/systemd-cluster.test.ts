import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { LabFlow } from "../../../demo/lab/lab.ts";
import { until } from "../../agent/running-agent.ts";
import { kubeconfigText } from "../kubeconfig.ts";
import { NODE, type RealNode, startNode } from "../node.ts";
import { applyPolicy } from "../objects.ts";
import { startSystemdHost, type SystemdHost } from "../systemd-host.ts";
import { installUnit, writeSettings } from "../systemd-tortie.ts";

// The unit on a node of a cluster, with the agent's own account and a real API server.
const PODS = [
  { namespace: "shop", name: "web" },
  { namespace: "shop", name: "database" },
];
const FLOW: LabFlow = { from: "shop/web", to: "shop/database", protocol: "TCP", port: 5432, family: 4 };
const FLOWS: readonly LabFlow[] = [FLOW, { ...FLOW, port: 5433 }, { ...FLOW, family: 6 }];

let node: RealNode;
let host: SystemdHost;
beforeAll(async () => {
  node = await startNode(PODS);
  host = await startSystemdHost({ network: node.lab.node.network });
  await installUnit(host);
}, 60_000);
afterAll(async () => {
  await host[Symbol.asyncDispose]();
  await node[Symbol.asyncDispose]();
});

/** As docs/cluster.md says: files of root's in /etc/tortie, which the sandbox shows. */
async function writeKubeconfig(): Promise<void> {
  const directory = join(host.root, "etc/tortie");
  const { cluster } = node;
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "ca.crt"), cluster.identities.authority.cert);
  writeFileSync(join(directory, "token"), await cluster.serviceAccountToken("kube-system", "tortie"), {
    mode: 0o600,
  });
  const server = {
    server: `https://127.0.0.1:${cluster.port}`,
    "certificate-authority": "/etc/tortie/ca.crt",
  };
  const text = kubeconfigText(server, { tokenFile: "/etc/tortie/token" });
  writeFileSync(join(directory, "kubeconfig"), text, { mode: 0o600 });
}

const CONNECTION = {
  DATASTORE_TYPE: "kubernetes",
  KUBECONFIG: "/etc/tortie/kubeconfig",
  NODENAME: NODE,
};

test("the unit enforces a cluster's policies with the kubeconfig of its environment file", async () => {
  await writeKubeconfig();
  writeSettings(host, CONNECTION);
  for (const pod of PODS) await node.announce(pod, { app: pod.name });
  await applyPolicy(node.cluster, "shop", "database", {
    podSelector: { matchLabels: { app: "database" } },
    ingress: [{ from: [{ podSelector: { matchLabels: { app: "web" } } }], ports: [{ port: 5432 }] }],
  });
  await host.run("systemctl", "start", "tortie-ready");
  expect((await node.readiness())?.status).toBe(200);
  expect(await node.lab.probe(FLOWS)).toEqual([true, false, true]);
});

test("it goes on from the API server after it was killed, and a policy that is taken away opens", async () => {
  await host.run("systemctl", "kill", "--signal=KILL", "tortie");
  await node.cluster.kubectl(["delete", "networkpolicy", "--namespace", "shop", "database"]);
  const opened = await node.lab.firstChange({ ...FLOW, port: 5433 }, true, { limit: 20_000 });
  expect(opened).toBeDefined();
  expect(await host.property("tortie", "NRestarts")).toBe("1");
});

test("where tortie wires the pods, the sandbox lets it write the configuration of the runtime", async () => {
  const template = new URL("../../../deploy/cni-network-config.template", import.meta.url).pathname;
  copyFileSync(template, join(host.root, "etc/tortie/cni-network-config.template"));
  mkdirSync(join(host.root, "etc/cni/net.d"), { recursive: true });
  writeSettings(host, {
    ...CONNECTION,
    CALICO_MANAGE_CNI: "true",
    CNI_NETWORK_CONFIG_FILE: "/etc/tortie/cni-network-config.template",
  });
  await host.run("systemctl", "restart", "tortie");
  const written = join(host.root, "etc/cni/net.d/10-calico.conflist");
  await until(() => Bun.file(written).exists());
  expect(await Bun.file(written).text()).toContain('"type": "calico"');
  // Nobody but root may call the agent in the plugin's name.
  expect(await host.run("stat", "-c", "%a %U", "/run/tortie", "/run/tortie/agent.sock")).toBe(
    "700 root\n600 root\n",
  );
});
