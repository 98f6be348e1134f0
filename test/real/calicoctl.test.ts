import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Cluster, startCluster } from "./cluster.ts";
import { kubeconfigText } from "./kubeconfig.ts";
import { applyPolicy, createNamespace, createNode, createPod } from "./objects.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster({ people: [{ user: "eve" }] });
  await createNamespace(cluster, "shop", { team: "a" });
  await createNode(cluster, "n-1", ["10.65.0.0/24"]);
  await createPod(cluster, {
    namespace: "shop",
    name: "web-1",
    node: "n-1",
    labels: { app: "web" },
    addresses: ["10.65.0.2", "fd00:65::2"],
  });
  await cluster.kubectl(["--namespace", "shop", "create", "serviceaccount", "robot"]);
  await applyPolicy(cluster, "shop", "web", {
    podSelector: { matchLabels: { app: "web" } },
    ingress: [{ from: [{ namespaceSelector: {} }], ports: [{ port: 80, protocol: "TCP" }] }],
  });
}, 60_000);
afterAll(() => cluster[Symbol.asyncDispose]());

async function calicoctl(words: string, environment: Readonly<Record<string, string>> = {}): Promise<object> {
  const child = Bun.spawn([process.execPath, MAIN, ...words.split(" ")], {
    argv0: "calicoctl",
    env: { HOME: cluster.directory, KUBECONFIG: cluster.adminKubeconfig, ...environment },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, out, err };
}

test.each([
  [
    "get workloadendpoints",
    "HOSTNAME   ORCHESTRATOR   WORKLOAD     NAME\nn-1        k8s            shop.web-1   eth0\n\n",
  ],
  ["get nodes", "NAME\nn-1\n\n"],
  ["get profile kns.shop ksa.shop.robot", "NAME\nkns.shop\nksa.shop.robot\n\n"],
  [
    "get networkpolicies -n shop",
    "NAMESPACE   NAME              TIER\nshop        knp.default.web   default\n\n",
  ],
])("%s", async (words, out) => {
  expect(await calicoctl(words)).toEqual({ code: 0, out, err: "" });
});

test("an endpoint and a policy as resources", async () => {
  const endpoint = (await calicoctl("get wep n--1-k8s-web--1-eth0 -n shop -ojson")) as { out: string };
  expect(JSON.parse(endpoint.out)).toMatchObject({
    kind: "WorkloadEndpoint",
    metadata: { namespace: "shop", labels: { app: "web", "projectcalico.org/namespace": "shop" } },
    spec: { ipNetworks: ["10.65.0.2/32", "fd00:65::2/128"], profiles: ["kns.shop"] },
  });
  const policy = (await calicoctl("get np web -n shop -ojson")) as { out: string };
  expect(JSON.parse(policy.out)).toMatchObject({
    metadata: { uid: expect.stringMatching(/^[0-9a-f-]{36}$/) as string },
    spec: {
      types: ["Ingress"],
      ingress: [{ protocol: "TCP", source: { namespaceSelector: "all()" }, destination: { ports: [80] } }],
    },
  });
});

test("a configuration file with a kubeconfig in it, and who may do nothing", async () => {
  const { server, directory, identities } = cluster;
  mkdirSync(join(directory, "ctl"), { recursive: true });
  const file = join(directory, "ctl", "calicoctl.cfg");
  const write = (user: object): void => {
    const kubeconfigInline = kubeconfigText(
      { server, "certificate-authority": identities.caFile },
      { ...user },
    );
    const config = {
      apiVersion: "projectcalico.org/v3",
      kind: "CalicoAPIConfig",
      spec: { kubeconfigInline },
    };
    writeFileSync(file, JSON.stringify(config));
  };
  write({ token: identities.tokenOf("admin") });
  expect(await calicoctl(`get nodes -c ${file}`, { KUBECONFIG: "/nonexistent" })).toEqual({
    code: 0,
    out: "NAME\nn-1\n\n",
    err: "",
  });
  write({ token: identities.tokenOf("eve") });
  expect(await calicoctl(`get np -c ${file}`)).toEqual({
    code: 1,
    out: "",
    err:
      'Failed to get resources: connection is unauthorized: user "eve" may not list networkpolicies of the API group ' +
      '"networking.k8s.io" in the namespace "default" (403 Forbidden); next: grant it by RBAC: a ClusterRole with ' +
      'apiGroups ["networking.k8s.io"], resources ["networkpolicies"], verbs ["list"], bound to user "eve"\n',
  });
  write({ token: "wrong" });
  expect(await calicoctl(`get nodes -c ${file}`)).toMatchObject({
    code: 1,
    out: "",
    err: expect.stringContaining("(401 Unauthorized)") as string,
  });
});
