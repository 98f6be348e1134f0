import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { follow, type Follower } from "../../adapters/behaviour.ts";
import type { Annotated, Datastore, PodAnnotation, PodLookUp } from "../../adapters/datastore.ts";
import { kubernetesDatastore } from "../../adapters/kubernetes/datastore.ts";
import type { Address } from "../../model/address.ts";
import { grantAnnotations } from "./annotation-right.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { createNamespace, createNode, createPod } from "./objects.ts";
import { clientOf } from "./who.ts";

const ROLE = new URL("../../deploy/manifests/tortie-rbac.yaml", import.meta.url).pathname;
const NODE = "node-1";
const ADDRESSES = ["10.65.0.2", "fd00:65::2"] as unknown as Address[];

let cluster: Cluster;
let datastore: Datastore;
let follower: Follower;

beforeAll(async () => {
  cluster = await startCluster();
  await cluster.kubectl(["apply", "-f", ROLE]);
  await grantAnnotations(cluster);
  await createNode(cluster, NODE, ["10.65.0.0/24"]);
  await createNamespace(cluster, "shop");
  const caFile = join(cluster.directory, "ca-of-the-test.crt");
  await Bun.write(caFile, cluster.identities.authority.cert);
  const token = await cluster.serviceAccountToken("kube-system", "tortie");
  datastore = kubernetesDatastore({
    open: () =>
      clientOf({
        environment: { K8S_API_ENDPOINT: cluster.server, K8S_CA_FILE: caFile, K8S_TOKEN: token },
      }),
    nodeName: NODE,
    annotating: true,
  });
  follower = follow(datastore);
  await follower.until(() => follower.events.some(({ kind }) => kind === "inSync"));
}, 60_000);
afterAll(async () => {
  await follower.stop();
  await cluster[Symbol.asyncDispose]();
});

interface PodObject {
  readonly metadata: {
    readonly uid: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: unknown;
  readonly status: unknown;
}

async function podOf(name: string): Promise<PodObject> {
  const text = await cluster.kubectl(["get", "pod", "--namespace", "shop", name, "--output", "json"]);
  return JSON.parse(text) as PodObject;
}

async function make(name: string): Promise<PodObject> {
  await createPod(cluster, { namespace: "shop", name, node: NODE, addresses: ["10.65.0.9"] });
  return podOf(name);
}

const never = new AbortController().signal;
const lookUp = (name: string): Promise<PodLookUp | undefined> =>
  Promise.resolve(datastore.lookUp?.("shop", name, never));
const annotate = (given: Partial<PodAnnotation> & Pick<PodAnnotation, "pod" | "uid">) =>
  Promise.resolve(
    datastore.annotate?.({ namespace: "shop", addresses: ADDRESSES, containerId: "c1", ...given }, never),
  ) as Promise<Annotated>;

test("a pod is found with its UID, and with its hash where it is a static one", async () => {
  const plain = await make("plain");
  expect(await lookUp("plain")).toEqual({ kind: "found", uids: [plain.metadata.uid] });
  expect(follower.state.endpoints.get("shop/plain" as never)?.uids).toEqual([plain.metadata.uid]);
  await cluster.kubectl([
    "annotate",
    "pod",
    "--namespace",
    "shop",
    "plain",
    "kubernetes.io/config.hash=0123abcd",
  ]);
  expect(await lookUp("plain")).toEqual({ kind: "found", uids: [plain.metadata.uid, "0123abcd"] });
  expect(await lookUp("none")).toEqual({ kind: "absent" });
});

test("the roles suffice to annotate a pod, and nothing else of it changes", async () => {
  const before = await make("wired");
  const { uid } = before.metadata;
  expect(await annotate({ pod: "wired", uid })).toEqual({ kind: "annotated" });
  const after = await podOf("wired");
  expect(after.metadata.annotations).toEqual({
    "cni.projectcalico.org/podIP": "10.65.0.2/32",
    "cni.projectcalico.org/podIPs": "10.65.0.2/32,fd00:65::2/128",
    "cni.projectcalico.org/containerID": "c1",
  });
  expect([after.spec, after.status]).toEqual([before.spec, before.status]);
  expect(await annotate({ pod: "wired", uid, addresses: [] })).toEqual({ kind: "annotated" });
  expect((await podOf("wired")).metadata.annotations).toEqual({
    "cni.projectcalico.org/podIP": "",
    "cni.projectcalico.org/podIPs": "",
    "cni.projectcalico.org/containerID": "c1",
  });
});

test("another pod of the same name, and none, are left alone", async () => {
  const { uid } = (await make("anew")).metadata;
  expect(await annotate({ pod: "anew", uid: "0f0f0f0f-0000-4000-8000-000000000000" })).toEqual({
    kind: "gone",
  });
  expect((await podOf("anew")).metadata.annotations).toBeUndefined();
  await cluster.kubectl(["delete", "pod", "--namespace", "shop", "anew", "--grace-period=0", "--force"]);
  expect(await annotate({ pod: "anew", uid })).toEqual({ kind: "gone" });
});

test("without the rights both are a value that names what is missing, and afterwards they serve again", async () => {
  const { uid } = (await make("refused")).metadata;
  const role = await cluster.kubectl(["get", "clusterrole", "tortie", "--output", "json"]);
  const { rules } = JSON.parse(role) as { rules: { resources: string[]; verbs: string[] }[] };
  const grant = (given: unknown): Promise<string> =>
    cluster.kubectl([
      "patch",
      "clusterrole",
      "tortie",
      "--type=merge",
      "--patch",
      JSON.stringify({ rules: given }),
    ]);
  await grant(rules.map((rule) => ({ ...rule, verbs: ["list", "watch"] })));
  await cluster.kubectl(["delete", "clusterrolebinding", "tortie-annotations"]);
  // The server learns of its own roles by a watch.
  let looked = await lookUp("refused");
  while (looked?.kind !== "unreadable") looked = await lookUp("refused");
  expect(looked.because).toBe(
    'user "system:serviceaccount:kube-system:tortie" may not get pods in the namespace "shop" (403 Forbidden)',
  );
  let annotated = await annotate({ pod: "refused", uid });
  while (annotated.kind === "annotated") annotated = await annotate({ pod: "refused", uid });
  expect(annotated).toEqual({
    kind: "failed",
    because:
      'user "system:serviceaccount:kube-system:tortie" may not patch pods/status in the namespace "shop" (403 Forbidden)',
    next: 'grant it by RBAC: a ClusterRole with apiGroups [""], resources ["pods/status"], verbs ["patch"], bound to user "system:serviceaccount:kube-system:tortie"',
  });
  await grant(rules);
  await grantAnnotations(cluster);
  while (annotated.kind !== "annotated") annotated = await annotate({ pod: "refused", uid });
  while (looked?.kind !== "found") looked = await lookUp("refused");
}, 30_000);
