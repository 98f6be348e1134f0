import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectionOptions, type ConnectionSource } from "./connection.ts";

const folder = mkdtempSync(join(tmpdir(), "tortie-ctl-"));
afterAll(() => rmSync(folder, { recursive: true }));

const missing = join(folder, "missing.cfg");
const home = join(folder, "home");
mkdirSync(join(home, ".kube"), { recursive: true });
const usual = join(home, ".kube", "config");
writeFileSync(usual, "");

function options(environment: Record<string, string>, more: Partial<ConnectionSource> = {}): object {
  return connectionOptions({
    configPath: undefined,
    context: undefined,
    environment,
    defaultPath: missing,
    ...more,
  });
}

/** A configuration file of this spec. */
function file(name: string, spec: string): string {
  const path = join(folder, name);
  writeFileSync(path, `apiVersion: projectcalico.org/v3\nkind: CalicoAPIConfig\nspec: ${spec}\n`);
  return path;
}

test("the environment counts where there is no file", () => {
  const environment = { DATASTORE_TYPE: "kubernetes", KUBECONFIG: "/k", K8S_TOKEN: "t", HOME: home };
  expect(options(environment)).toEqual({ kubeconfig: "/k", token: "t" });
  expect(options({ CALICO_DATASTORE_TYPE: "Kubernetes", CALICO_KUBECONFIG: "/k" })).toEqual({
    kubeconfig: "/k",
  });
});

test("then the kubeconfig in the home directory, then a pod's service account", () => {
  expect(options({ HOME: home })).toEqual({ kubeconfig: usual });
  expect(options({ HOME: folder })).toEqual({});
  expect(options({})).toEqual({});
});

test("a server's URL needs no kubeconfig", () => {
  expect(options({ K8S_API_ENDPOINT: "https://a:443", HOME: home })).toEqual({ endpoint: "https://a:443" });
});

test("a file wins over the environment, all of it", () => {
  const environment = { K8S_TOKEN: "t", K8S_API_ENDPOINT: "https://b:443", KUBECONFIG: "/k" };
  const configPath = file("endpoint.cfg", "{k8sAPIEndpoint: 'https://a:443', datastoreType: kubernetes}");
  expect(options(environment, { configPath })).toEqual({ endpoint: "https://a:443" });
  expect(options(environment, { defaultPath: configPath })).toEqual({ endpoint: "https://a:443" });
  expect(options({ ...environment, HOME: home }, { configPath: file("empty.cfg", "{}") })).toEqual({
    kubeconfig: usual,
  });
});

test("an environment that cannot be read does not matter beside a file", () => {
  const environment = { DATASTORE_TYPE: "etcdv2", K8S_INSECURE_SKIP_TLS_VERIFY: "maybe" };
  expect(options(environment, { configPath: file("kube.cfg", "{kubeconfig: /k}") })).toEqual({
    kubeconfig: "/k",
  });
});

test("an inline kubeconfig wins over a path", () => {
  const configPath = file("inline.cfg", "{kubeconfig: /k, kubeconfigInline: 'x: y'}");
  expect(options({}, { configPath })).toEqual({ kubeconfigInline: "x: y" });
});

test("--context wins over what is set", () => {
  const configPath = file("context.cfg", "{kubeconfig: /k, k8sCurrentContext: a}");
  expect(options({}, { configPath })).toEqual({ kubeconfig: "/k", context: "a" });
  expect(options({}, { configPath, context: "b" })).toEqual({ kubeconfig: "/k", context: "b" });
  expect(options({ K8S_CURRENT_CONTEXT: "a" }, { context: "b" })).toEqual({ context: "b" });
});

function refused(
  environment: Record<string, string>,
  more: Partial<ConnectionSource>,
  message: string,
): void {
  expect(() => options(environment, more)).toThrow(
    expect.objectContaining({ name: "CtlError", message }) as Error,
  );
}

test("a file of -c must be there; the default one need not", () => {
  const configPath = join(folder, "other.cfg");
  refused({}, { configPath }, `the configuration file ${configPath} cannot be read: the file does not exist`);
  expect(options({}, { configPath: missing })).toEqual({});
});

test("a file that is a directory", () => {
  const reason = `the configuration file ${folder} cannot be read: it is a directory, not a file`;
  refused({}, { configPath: folder }, reason);
  refused({}, { defaultPath: folder }, reason);
});

test.each(["etcdv2", "etcdv3"])("the datastore %s comes later", (type) => {
  const reason = `sets the datastore type ${type}, which comes in a later version; this one has kubernetes`;
  refused({ DATASTORE_TYPE: type }, {}, `the environment ${reason}`);
  const configPath = file(`${type}.cfg`, `{datastoreType: ${type}}`);
  refused({}, { configPath }, `${configPath} ${reason}`);
});

test("an unknown datastore", () => {
  refused(
    { DATASTORE_TYPE: "zookeeper" },
    {},
    'the environment sets the datastore type "zookeeper"; it is kubernetes',
  );
});

test.each(["ETCD_ENDPOINTS", "CALICO_ETCD_ENDPOINTS", "ETCD_DISCOVERY_SRV"])(
  "%s without a datastore type means etcd",
  (name) => {
    const reason =
      "sets etcd's endpoints, and etcd comes in a later version; to read Kubernetes, set the datastore type to kubernetes";
    refused({ [name]: "http://127.0.0.1:2379" }, {}, `the environment ${reason}`);
    expect(options({ [name]: "http://127.0.0.1:2379", DATASTORE_TYPE: "kubernetes" })).toEqual({});
  },
);
