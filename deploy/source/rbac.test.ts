import { expect, test } from "bun:test";
import { NAMESPACES, NETWORK_POLICIES, ownNode, PODS } from "../../adapters/kubernetes/store/resources.ts";
import { MANIFESTS, type ManifestObject, objectsOf } from "./test-manifests.ts";

/** What the agent writes, and how. */
const WRITTEN = [{ name: "pods/status", verbs: ["patch"] }];
const READ = [PODS, NAMESPACES, NETWORK_POLICIES, ownNode("x")].map(({ watched }) => watched);
/** Manifests whose agent writes nothing. */
const READING_ONLY = ["tortie-before-1.30.yaml", "tortie-policy-only.yaml", "tortie-rbac.yaml"];
/** What gives the right to write to the account of another manifest. */
const WRITING_ONLY = "tortie-annotations.yaml";

/** `pods` or `networkpolicies.networking.k8s.io`, from the path that is asked for. */
function resourceName(path: string): string {
  const [, group] = /^\/apis\/([^/]+)\//.exec(path) ?? [];
  const resource = path.slice(path.lastIndexOf("/") + 1);
  return group === undefined ? resource : `${resource}.${group}`;
}

const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);

function ownOf(file: string, kind: string): readonly ManifestObject[] {
  return objectsOf(file).filter((object) => object.kind === kind && object.metadata.name === "tortie");
}

const WITH_ROLES = MANIFESTS.filter((file) => ownOf(file, "ClusterRole").length > 0);

test("every manifest with an agent has a role, and tortie-rbac.yaml is nothing else", () => {
  expect(WITH_ROLES).toEqual([
    "calico-daemonset.yaml",
    "tortie-before-1.30.yaml",
    "tortie-flannel.yaml",
    "tortie-policy-only.yaml",
    "tortie-rbac.yaml",
    "tortie.yaml",
  ]);
  const kinds = objectsOf("tortie-rbac.yaml").map(({ kind }) => kind);
  expect(kinds).toEqual(["ServiceAccount", "ClusterRole", "ClusterRoleBinding"]);
});

test.each(WITH_ROLES)(
  "%s allows reading what the agent reads and writing what it writes, and nothing else",
  (file) => {
    const allowed = ownOf(file, "ClusterRole")
      .flatMap(({ rules = [] }) => rules)
      .flatMap(({ apiGroups, resources, verbs }) =>
        apiGroups.flatMap((group) =>
          resources.map((resource) => ({ name: group === "" ? resource : `${resource}.${group}`, verbs })),
        ),
      );
    const read = READ.map(({ path }) => ({ name: resourceName(path), verbs: ["get", "list", "watch"] }));
    const wanted = [...read, ...(READING_ONLY.includes(file) ? [] : WRITTEN)];
    expect(allowed.toSorted(byName)).toEqual(wanted.toSorted(byName));
  },
);

test.each(WITH_ROLES)("%s gives that role to that account", (file) => {
  const [account, ...others] = ownOf(file, "ServiceAccount");
  const [binding] = ownOf(file, "ClusterRoleBinding");
  expect(others).toEqual([]);
  expect(binding?.roleRef?.name).toBe("tortie");
  expect(binding?.subjects).toEqual([
    { kind: "ServiceAccount", name: "tortie", namespace: account?.metadata.namespace ?? "" },
  ] as never);
});

/** By the name of an object of these kinds. */
function namesOf(file: string, kinds: RegExp): readonly string[] {
  return objectsOf(file)
    .filter(({ kind }) => kinds.test(kind))
    .map(({ kind, metadata }) => `${kind} ${metadata.name}`);
}

test("no manifest gives a right to write without the policy that binds it", () => {
  for (const file of MANIFESTS) {
    const writes = objectsOf(file).some(
      ({ kind, metadata, rules = [] }) =>
        kind === "ClusterRole" &&
        metadata.name.startsWith("tortie") &&
        rules.some(({ verbs }) => verbs.includes("patch")),
    );
    const name = file === WRITING_ONLY ? "tortie-annotations" : "tortie";
    const bound = [`ValidatingAdmissionPolicy ${name}`, `ValidatingAdmissionPolicyBinding ${name}`];
    expect([file, ...namesOf(file, /^ValidatingAdmission/)]).toEqual([file, ...(writes ? bound : [])]);
  }
});

test("tortie-annotations.yaml gives the right to write and nothing else, in names that no other manifest has", () => {
  const [role, binding, ...policy] = objectsOf(WRITING_ONLY);
  expect(role?.rules).toEqual([{ apiGroups: [""], resources: ["pods/status"], verbs: ["patch"] }]);
  expect(binding).toMatchObject({
    kind: "ClusterRoleBinding",
    roleRef: { name: "tortie-annotations" },
    subjects: [{ name: "tortie", namespace: "kube-system" }],
  });
  expect(policy).toHaveLength(2);
  const others = MANIFESTS.filter((file) => file !== WRITING_ONLY).flatMap((file) => namesOf(file, /./));
  expect(namesOf(WRITING_ONLY, /./).filter((name) => others.includes(name))).toEqual([]);
});

test("docs/security.md says what each right is for", async () => {
  const page = await Bun.file(new URL("../../docs/security.md", import.meta.url)).text();
  const told = [...page.matchAll(/^\| `([^`]+)` \| get, list, watch \| (.+) \|$/gm)].map(
    ([, name = ""]) => name,
  );
  expect(told.toSorted()).toEqual(READ.map(({ path }) => resourceName(path)).toSorted());
  const written = [...page.matchAll(/^\| `([^`]+)` \| patch \| (.+) \|$/gm)].map(([, name = ""]) => name);
  expect(written).toEqual(WRITTEN.map(({ name }) => name));
});
