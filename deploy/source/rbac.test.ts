import { expect, test } from "bun:test";
import { NAMESPACES, NETWORK_POLICIES, ownNode, PODS } from "../../adapters/kubernetes/store/resources.ts";

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

interface RbacObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: readonly Rule[];
  readonly roleRef?: { readonly name: string };
  readonly subjects?: readonly { readonly name: string; readonly namespace: string }[];
}

/** What the agent writes, and how. */
const WRITTEN = [{ name: "pods/status", verbs: ["patch"] }];
const READ = [PODS, NAMESPACES, NETWORK_POLICIES, ownNode("x")].map(({ watched }) => watched);

async function objects(): Promise<readonly RbacObject[]> {
  const text = await Bun.file(new URL("../manifests/tortie-rbac.yaml", import.meta.url)).text();
  return Bun.YAML.parse(text) as RbacObject[];
}

/** `pods` or `networkpolicies.networking.k8s.io`, from the path that is asked for. */
function resourceName(path: string): string {
  const [, group] = /^\/apis\/([^/]+)\//.exec(path) ?? [];
  const resource = path.slice(path.lastIndexOf("/") + 1);
  return group === undefined ? resource : `${resource}.${group}`;
}

test("the role allows reading what the agent reads and writing what it writes, and nothing else", async () => {
  const roles = (await objects()).flatMap(({ rules = [] }) => rules);
  const allowed = roles.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.map((resource) => ({ name: group === "" ? resource : `${resource}.${group}`, verbs })),
    ),
  );
  const read = READ.map(({ path }) => ({ name: resourceName(path), verbs: ["get", "list", "watch"] }));
  const wanted = [...read, ...WRITTEN];
  const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);
  expect(allowed.toSorted(byName)).toEqual(wanted.toSorted(byName));
});

test("the binding gives that role to that account", async () => {
  const all = await objects();
  const named = (kind: string): RbacObject | undefined => all.find((object) => object.kind === kind);
  const account = named("ServiceAccount")?.metadata;
  const binding = named("ClusterRoleBinding");
  expect(all.map(({ kind }) => kind)).toEqual(["ServiceAccount", "ClusterRole", "ClusterRoleBinding"]);
  expect(binding?.roleRef?.name).toBe(named("ClusterRole")?.metadata.name);
  expect(binding?.subjects).toMatchObject([{ name: account?.name, namespace: account?.namespace }]);
});

test("docs/cluster.md says what each right is for", async () => {
  const page = await Bun.file(new URL("../../docs/cluster.md", import.meta.url)).text();
  const told = [...page.matchAll(/^\| `([^`]+)` \| get, list, watch \| (.+) \|$/gm)].map(
    ([, name = ""]) => name,
  );
  expect(told.toSorted()).toEqual(READ.map(({ path }) => resourceName(path)).toSorted());
  const written = [...page.matchAll(/^\| `([^`]+)` \| patch \| (.+) \|$/gm)].map(([, name = ""]) => name);
  expect(written).toEqual(WRITTEN.map(({ name }) => name));
});
