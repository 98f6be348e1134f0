import { expect, test } from "bun:test";
import { kubeconfigConnection } from "../adapters/kubernetes/connection/kubeconfig.ts";
import { CONNECTION_NAMES, SETTING_ROWS } from "../agent/settings/settings.ts";
import { ENFORCERS } from "../dataplane/preflight/enforcers.ts";
import { ISOLATION_ANNOTATION, readIsolation } from "../adapters/objects/default-deny.ts";

const read = (path: string): Promise<string> => Bun.file(new URL(`../${path}`, import.meta.url)).text();
const page = await read("docs/cluster.md");

/** The text of an indented block, from the line that begins so. */
function blockFrom(begin: string): string {
  const lines = page.split("\n");
  const first = lines.indexOf(`    ${begin}`);
  const rest = lines.slice(first);
  const after = rest.findIndex((line) => !line.startsWith("    "));
  return rest
    .slice(0, after)
    .map((line) => line.slice(4))
    .join("\n");
}

test("its kubeconfig is one", async () => {
  const connection = await kubeconfigConnection({ kubeconfigInline: blockFrom("apiVersion: v1") }, {});
  expect(connection.server.href).toBe("https://10.0.0.1:6443/");
  expect(connection.authority).toEqual({ kind: "file", path: "/etc/kubernetes/pki/ca.crt" });
  expect(connection.login.token).toEqual({ kind: "file", path: "/etc/tortie/token" });
});

test("it names every program that is looked for", () => {
  const [, told = ""] = /while there are traces\nof another one on the node: ([^.]*)\./.exec(page) ?? [];
  const names = told.split(/,\s+/).map((name) => name.replace(/\s*\(.*\)/, "").replaceAll("\n", " "));
  expect(names).toEqual(ENFORCERS.map(({ name }) => name));
});

test("its annotation of 2016 is understood", () => {
  const [, name, text] = /`([\w./-]+): (\{"ingress".*\})`/.exec(page) ?? [];
  expect(name).toBe(ISOLATION_ANNOTATION);
  const { policy, defects } = readIsolation("x", { [ISOLATION_ANNOTATION]: text });
  expect(policy?.directions).toEqual(["ingress"]);
  expect(defects).toEqual([]);
});

const SETTINGS = new Set([
  ...CONNECTION_NAMES,
  ...Object.values(SETTING_ROWS).flatMap(({ name, names = [], ambient = [] }) => [
    name,
    ...names,
    ...ambient,
  ]),
]);
const LIKE_A_SETTING = /`((?:FELIX|TORTIE|CALICO|K8S|DATASTORE|KUBE)_?[A-Z0-9_]+|NODENAME|KUBECONFIG)\b/g;
const OF_THE_TESTS = /^(TORTIE_(CACHE|SEED)|KUBEBUILDER_ASSETS|CALICO_)$/;

test.each([
  "README.md",
  "docs/cluster.md",
  "docs/calicoctl.md",
  "docs/policy.md",
  "docs/architecture.md",
  "docs/install.md",
  "docs/security.md",
])("%s names settings that exist", async (path) => {
  const names = [...(await read(path)).matchAll(LIKE_A_SETTING)].map(([, name = ""]) => name);
  expect(names.filter((name) => !SETTINGS.has(name) && !OF_THE_TESTS.test(name))).toEqual([]);
});
