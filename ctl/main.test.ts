import { expect, test } from "bun:test";
import type { ApiRequest } from "../adapters/kubernetes/connection/client.ts";
import { ConnectionError } from "../adapters/kubernetes/connection/connection-error.ts";
import { fakeClient, jsonAnswer, statusAnswer } from "./test-client.ts";
import { ctlIn, type CtlSurroundings } from "./main.ts";

interface StoredObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly [field: string]: unknown;
  };
  readonly [part: string]: unknown;
}

function pod(namespace: string, name: string, nodeName: string, podIP: string): StoredObject {
  return {
    metadata: { name, namespace, uid: "u", labels: { app: "on" } },
    spec: { nodeName, serviceAccountName: "default" },
    status: { podIP },
  };
}

/** What the cluster holds, by the resource's name. */
const CLUSTER: Readonly<Record<string, readonly StoredObject[]>> = {
  pods: [
    pod("kube-system", "kube-dns-v20-jhk10", "kubernetes-minion-group-tbmi", "10.1.0.2"),
    pod("kube-system", "kubernetes-dashboard-v1.4.0-wtrtm", "kubernetes-minion-group-x7ce", "fd00::2"),
    pod("shop", "web", "n-1", ""),
    pod("shop", "api", "n-1", "10.1.0.9"),
    pod("other", "api", "n-2", "10.1.0.10"),
  ],
  nodes: [
    { metadata: { name: "n-1", annotations: { "projectcalico.org/IPv4Address": "10.0.0.1/24" } } },
    { metadata: { name: "n-2" } },
  ],
  namespaces: [{ metadata: { name: "shop", labels: { team: "a", area: "b" } } }],
  serviceaccounts: [{ metadata: { name: "robot", namespace: "shop" } }],
  networkpolicies: [
    { metadata: { name: "deny", namespace: "default" } },
    { metadata: { name: "allow", namespace: "shop" }, spec: { ingress: [{}] } },
  ],
};

function answer({ path, query }: ApiRequest): Response {
  const parts = path.split("/");
  const resource = parts.at(-1) ?? "";
  const namespace = parts.at(-3) === "namespaces" ? parts.at(-2) : undefined;
  const name = query?.["fieldSelector"]?.replace("metadata.name=", "");
  const items = (CLUSTER[resource] ?? []).filter(
    ({ metadata }) =>
      (namespace ?? metadata.namespace) === metadata.namespace && (name ?? metadata.name) === metadata.name,
  );
  return jsonAnswer({ metadata: { resourceVersion: "9" }, items });
}

async function run(words: string, more: Partial<CtlSurroundings> = {}): Promise<object> {
  let [out, err] = ["", ""];
  const code = await ctlIn(words.split(" "), {
    program: "calicoctl",
    version: "0.1.0 (commit abc)",
    environment: {},
    open: () => Promise.resolve(fakeClient(answer)),
    print: (text) => {
      out += text;
      return 0;
    },
    warn: (text) => void (err += text),
    defaultConfigPath: "/nonexistent/calicoctl.cfg",
    ...more,
  });
  return { code, out, err };
}

test.each([
  [
    "get workloadendpoints",
    `\
HOSTNAME                       ORCHESTRATOR   WORKLOAD                                        NAME
kubernetes-minion-group-tbmi   k8s            kube-system.kube-dns-v20-jhk10                  eth0
kubernetes-minion-group-x7ce   k8s            kube-system.kubernetes-dashboard-v1.4.0-wtrtm   eth0
n-1                            k8s            shop.api                                        eth0
n-2                            k8s            other.api                                       eth0

`,
  ],
  [
    "get wep shop.api -o wide",
    `\
HOSTNAME   ORCHESTRATOR   WORKLOAD   NAME   NETWORKS      NATS   INTERFACE         PROFILES
n-1        k8s            shop.api   eth0   10.1.0.9/32          cali50d8cbfc60a   ns.projectcalico.org/shop

`,
  ],
  [
    "get wep -n shop",
    `\
NAMESPACE   WORKLOAD   NODE   NETWORKS      INTERFACE
shop        web        n-1                  cali551b05c3e54
shop        api        n-1    10.1.0.9/32   cali50d8cbfc60a

`,
  ],
  [
    "get wep n--1-k8s-api-eth0 -A -o wide",
    `\
NAMESPACE   NAME                WORKLOAD   NODE   NETWORKS      INTERFACE         PROFILES                    NATS
shop        n--1-k8s-api-eth0   api        n-1    10.1.0.9/32   cali50d8cbfc60a   kns.shop,ksa.shop.default

`,
  ],
  [
    "get wep -o custom-columns=node,workload -n other",
    "NAMESPACE   NODE   WORKLOAD\nother       n-2    api\n\n",
  ],
  ["get nodes", "NAME\nn-1\nn-2\n\n"],
  ["get nodes -o wide", "NAME   ASN       IPV4          IPV6\nn-1    (64512)   10.0.0.1/24\nn-2\n\n"],
  ["get profiles", "NAME\nkns.shop\nksa.shop.robot\n\n"],
  ["get profile kns.shop ksa.shop.robot", "NAME\nkns.shop\nksa.shop.robot\n\n"],
  ["get profiles --view v1 -o wide", "NAME                        TAGS\nns.projectcalico.org/shop\n\n"],
  ["get np", "NAME               TIER\nknp.default.deny   default\n\n"],
  [
    "get np -A -o custom-columns=NAME,ORDER",
    "NAMESPACE   NAME                ORDER\ndefault     knp.default.deny    1000\nshop        knp.default.allow   1000\n\n",
  ],
  ["get np deny", "NAME               TIER\nknp.default.deny   default\n\n"],
  ["get np knp.default.deny", "NAME               TIER\nknp.default.deny   default\n\n"],
  ["get pol np.projectcalico.org/shop.allow --view v1", "NAME\nnp.projectcalico.org/shop.allow\n\n"],
  ["version", "Client Version:    0.1.0\nGit commit:        abc\n"],
])("%s", async (words, out) => {
  expect(await run(words)).toEqual({ code: 0, out, err: "" });
});

test("a pod's own name is enough, and may name several", async () => {
  expect(await run("get wep api")).toMatchObject({
    code: 0,
    out: expect.stringMatching(/shop\.api.*\n.*other\.api/) as string,
  });
});

test("a name that nothing has: the others are shown, and exit 1", async () => {
  expect(await run("get nodes n-9 n-1")).toEqual({
    code: 1,
    out: "NAME\nn-1\n\n",
    err: "resource does not exist: Node(n-9)\n",
  });
  expect(await run("get np allow -o yaml")).toEqual({
    code: 1,
    out: "",
    err: "resource does not exist: NetworkPolicy(default/allow)\n",
  });
  expect(await run("get wep a,b -o json")).toEqual({
    code: 1,
    out: "",
    err: "resource does not exist: WorkloadEndpoint(a,b)\n",
  });
});

test.each([
  ["get nodes -A", "Node is not namespaced: leave out -n and -A\n"],
  ["get profiles -n x", "Profile is not namespaced: leave out -n and -A\n"],
  ["get wep -A -n x", "cannot use both --namespace and --all-namespaces flags at the same time\n"],
  ["get nodes -o custom-columns=AGE", "Unknown heading AGE, valid values are: NAME, ASN, IPV4, IPV6\n"],
  ["get nodes ", "resource name may not be empty\n"],
  [
    "get nodes -c /nonexistent/x.cfg",
    "Failed to create Calico API client: the configuration file /nonexistent/x.cfg cannot be read: the file does not exist\n",
  ],
])("%s: exit 1", async (words, err) => {
  expect(await run(words)).toEqual({ code: 1, out: "", err });
});

test("yaml and json are today's resources: a list, one, or several", async () => {
  const ran = (await run("get np -A -o json")) as { out: string };
  expect(JSON.parse(ran.out)).toMatchObject({
    kind: "NetworkPolicyList",
    apiVersion: "projectcalico.org/v3",
    metadata: { resourceVersion: "9" },
    items: [{ metadata: { name: "knp.default.deny" } }, { metadata: { name: "knp.default.allow" } }],
  });
  expect(await run("get profile kns.shop -oyaml")).toEqual({
    code: 0,
    err: "",
    out: `\
apiVersion: projectcalico.org/v3
kind: Profile
metadata:
  name: kns.shop
  resourceVersion: /
spec:
  egress:
  - action: Allow
    destination: {}
    source: {}
  ingress:
  - action: Allow
    destination: {}
    source: {}
  labelsToApply:
    pcns.area: b
    pcns.projectcalico.org/name: shop
    pcns.team: a
`,
  });
  const several = (await run("get nodes n-1 n-2 -o json")) as { out: string };
  expect(JSON.parse(several.out)).toMatchObject([{ kind: "Node" }, { kind: "Node" }]);
});

test("--view v1 prints a flat list of what was in 2016", async () => {
  expect(await run("get wep shop.api --view v1 -oyaml")).toEqual({
    code: 0,
    err: "",
    out: `\
- apiVersion: v1
  kind: workloadEndpoint
  metadata:
    labels:
      app: "on"
      calico/k8s_ns: shop
    name: eth0
    node: n-1
    orchestrator: k8s
    workload: shop.api
  spec:
    interfaceName: cali50d8cbfc60a
    ipNetworks:
    - 10.1.0.9/32
    profiles:
    - ns.projectcalico.org/shop
`,
  });
});

test("--export leaves out what only this cluster knows", async () => {
  const ran = (await run("get wep shop.api -o json --export")) as { out: string };
  expect((JSON.parse(ran.out) as { metadata: object }).metadata).toEqual({
    name: "n--1-k8s-api-eth0",
    labels: expect.any(Object) as object,
  });
});

test("an object that cannot be shown is told, the others are shown", async () => {
  const items = [
    { metadata: { name: "bad" }, spec: { ingress: [{ form: [] }] } },
    { metadata: { name: "good" } },
  ];
  const ran = await run("get np", { open: () => Promise.resolve(fakeClient(() => jsonAnswer({ items }))) });
  expect(ran).toEqual({
    code: 1,
    out: "NAME               TIER\nknp.default.good   default\n\n",
    err: "NetworkPolicy bad cannot be shown: spec.ingress[0].form: unknown field, known are from, ports, found []\n",
  });
});

test("a refusal, and a server that is not there", async () => {
  const refusing = fakeClient(() => statusAnswer(401, "Unauthorized"));
  expect(await run("get nodes", { open: () => Promise.resolve(refusing) })).toMatchObject({
    code: 1,
    out: "",
    err: expect.stringContaining("Failed to get resources: connection is unauthorized: ") as string,
  });
  const error = new ConnectionError("refused", { tried: "GET", found: "nobody listens", next: "start it" });
  expect(await run("get nodes", { open: () => Promise.reject(error) })).toEqual({
    code: 1,
    out: "",
    err: "Failed to create Calico API client: GET: nobody listens; next: start it\n",
  });
});

test("what stays visible of the connection is told", async () => {
  const client = { ...fakeClient(answer), notices: ["nothing is verified"] };
  expect(await run("get nodes", { open: () => Promise.resolve(client) })).toMatchObject({
    code: 0,
    err: "warning: nothing is verified\n",
  });
});
