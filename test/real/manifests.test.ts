import { readdirSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { until } from "../agent/running-agent.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { clientOf } from "./who.ts";

const DEPLOY = new URL("../../deploy/", import.meta.url).pathname;
const filesOf = (directory: string): readonly string[] => readdirSync(`${DEPLOY}${directory}`).toSorted();

const MANIFESTS = filesOf("manifests");
const OVERLAYS = filesOf("kustomize/overlays");
/** By a file for old servers, too: what there is not in 1.20 in the version that it is in. */
const FOR_1_20: readonly (readonly [file: string, without: readonly string[]])[] = [
  ["tortie-before-1.30.yaml", []],
  ["tortie-policy-only.yaml", ["FlowSchema"]],
  ["tortie-rbac.yaml", []],
  ["tortie-uninstall.yaml", []],
  ["calico-configmap.yaml", []],
];
/** By overlay: kinds that no server has but the platform's own. */
const OF_PLATFORM: Readonly<Record<string, readonly string[]>> = {
  openshift: ["SecurityContextConstraints"],
};

interface ApiObject {
  readonly kind: string;
}

function objectsOf(text: string, without: readonly string[] = []): readonly ApiObject[] {
  const documents = [Bun.YAML.parse(text)].flat() as (ApiObject | null)[];
  return documents.filter((object) => object !== null).filter(({ kind }) => !without.includes(kind));
}

const listOf = (items: readonly ApiObject[]): string =>
  JSON.stringify({ apiVersion: "v1", kind: "List", items });

let newest: Cluster;
let old: Cluster;
beforeAll(async () => {
  [newest, old] = await Promise.all([startCluster({ newest: true }), startCluster()]);
}, 60_000);
afterAll(async () => {
  await Promise.all([newest, old].map((cluster) => cluster[Symbol.asyncDispose]()));
});

const APPLY = ["apply", "--filename=-", "--validate=true"];
/** An unknown or doubled field, and whatever the server has to object, are errors. */
const STRICT = ["apply", "--filename=-", "--validate=strict", "--warnings-as-errors"];

/** What kubectl said of each object: `created (server dry run)`. */
function verdicts(said: string): readonly string[] {
  const lines = said.trim().split("\n");
  return lines.map((line) => line.replace(/^\S+ /, ""));
}

/** Asks what it would do with all but namespaces, which it makes: what is in one cannot be asked for before it is there. */
async function judged(
  cluster: Cluster,
  apply: readonly string[],
  all: readonly ApiObject[],
): Promise<string> {
  const objects = listOf(all.filter(({ kind }) => kind !== "Namespace"));
  const namespaces = all.filter(({ kind }) => kind === "Namespace");
  if (namespaces.length > 0) await cluster.kubectl(apply, listOf(namespaces));
  const said = verdicts(await cluster.kubectl([...apply, "--dry-run=server"], objects));
  expect(new Set(said)).toEqual(new Set(["created (server dry run)"]));
  return objects;
}

/** Asks what it would do, does it, finds no difference afterwards, and takes it away. */
async function applied(cluster: Cluster, apply: readonly string[], all: readonly ApiObject[]): Promise<void> {
  const objects = await judged(cluster, apply, all);
  expect(new Set(verdicts(await cluster.kubectl(apply, objects)))).toEqual(new Set(["created"]));
  expect(await cluster.kubectl(["diff", "--filename=-"], objects)).toBe("");
  await cluster.kubectl(["delete", "--filename=-", "--wait=false"], objects);
}

test.each(MANIFESTS)("%s passes the newest server, and is applied there", async (name) => {
  const objects = objectsOf(await Bun.file(`${DEPLOY}manifests/${name}`).text());
  expect(objects.length).toBeGreaterThan(0);
  await applied(newest, STRICT, objects);
});

const butFor = (kinds: readonly string[]): string =>
  kinds.length === 0 ? "" : `, but for its ${kinds.join()},`;

for (const [name, without] of FOR_1_20)
  test(`${name}${butFor(without)} passes 1.20, and is applied there`, async () => {
    await applied(old, APPLY, objectsOf(await Bun.file(`${DEPLOY}manifests/${name}`).text(), without));
  });

for (const name of OVERLAYS) {
  const without = OF_PLATFORM[name] ?? [];
  test(`the overlay ${name}${butFor(without)} is built, and passes the newest server`, async () => {
    const built = await newest.kubectl(["kustomize", `${DEPLOY}kustomize/overlays/${name}`]);
    const objects = objectsOf(built, without);
    expect(objectsOf(built).length - objects.length).toBe(without.length);
    await judged(newest, STRICT, objects);
  });
}

test("what the account asks for is a flow of its own", async () => {
  await newest.kubectl([...STRICT.slice(0, 1), `--filename=${DEPLOY}manifests/tortie.yaml`]);
  const uid = await newest.kubectl(["get", "flowschema", "tortie", "--output=jsonpath={.metadata.uid}"]);
  const token = await newest.serviceAccountToken("kube-system", "tortie");
  const { caFile } = newest.identities;
  using client = await clientOf({
    environment: { K8S_API_ENDPOINT: newest.server, K8S_CA_FILE: caFile, K8S_TOKEN: token },
  });
  const classified = async (path: string): Promise<string | null> => {
    const response = await client.request({ path, signal: AbortSignal.timeout(10_000) });
    await response.body?.cancel();
    return response.headers.get("x-kubernetes-pf-flowschema-uid");
  };
  // A schema counts a moment after it was made.
  await until(async () => (await classified("/api/v1/pods")) === uid);
  for (const path of ["/apis/networking.k8s.io/v1/networkpolicies", "/api/v1/namespaces/x/pods/y"])
    expect([path, await classified(path)]).toEqual([path, uid]);
});
