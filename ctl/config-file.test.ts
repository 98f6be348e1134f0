import { expect, test } from "bun:test";
import { readConfigFile } from "./config-file.ts";

const PATH = "/x/calicoctl.cfg";

function variables(text: string): object {
  return Object.fromEntries(readConfigFile(text, PATH).variables);
}

const SPEC = `
  datastoreType: kubernetes
  kubeconfig: ~/.kube/config
  k8sAPIEndpoint: https://kubernetes-api:443
  k8sCertFile: /cert
  k8sKeyFile: /key
  k8sCAFile: /ca
  k8sToken: secret
  k8sInsecureSkipTLSVerify: false
  etcdEndpoints:
`;
const VARIABLES = {
  DATASTORE_TYPE: "kubernetes",
  KUBECONFIG: "~/.kube/config",
  K8S_API_ENDPOINT: "https://kubernetes-api:443",
  K8S_CERT_FILE: "/cert",
  K8S_KEY_FILE: "/key",
  K8S_CA_FILE: "/ca",
  K8S_TOKEN: "secret",
  K8S_INSECURE_SKIP_TLS_VERIFY: "false",
};

test.each([
  ["of 2016", `apiVersion: v1\nkind: calicoApiConfig\nmetadata:\nspec:${SPEC}`],
  ["of today", `apiVersion: projectcalico.org/v3\nkind: CalicoAPIConfig\nmetadata: {}\nspec:${SPEC}`],
])("a file %s", (_, text) => {
  expect(variables(text)).toEqual(VARIABLES);
});

test("a file in JSON", () => {
  const config = {
    apiVersion: "projectcalico.org/v3",
    kind: "CalicoAPIConfig",
    metadata: {},
    spec: { k8sAPIToken: "secret", kubeconfigInline: "apiVersion: v1", k8sClientQPS: 20 },
  };
  const read = readConfigFile(JSON.stringify(config), PATH);
  expect(Object.fromEntries(read.variables)).toEqual({ K8S_API_TOKEN: "secret" });
  expect(read.kubeconfigInline).toBe("apiVersion: v1");
});

test("a file without a spec says nothing", () => {
  expect(variables("apiVersion: v1\nkind: calicoApiConfig\n")).toEqual({});
});

const V3 = "apiVersion: projectcalico.org/v3\nkind: CalicoAPIConfig\n";

test.each([
  ["", "expected an object with apiVersion, kind and spec"],
  ["- a", "expected an object with apiVersion, kind and spec"],
  [
    "kind: CalicoAPIConfig",
    "apiVersion: found nothing, expected v1 (kind calicoApiConfig) or projectcalico.org/v3 (kind CalicoAPIConfig)",
  ],
  [
    "apiVersion: v2\nkind: x",
    'apiVersion: found "v2", expected v1 (kind calicoApiConfig) or projectcalico.org/v3 (kind CalicoAPIConfig)',
  ],
  ["apiVersion: v1\nkind: CalicoAPIConfig", 'kind: found "CalicoAPIConfig", expected calicoApiConfig'],
  ["apiVersion: v1", "kind: found nothing, expected calicoApiConfig"],
  [`${V3}spek: {}`, "spek: unknown key (did you mean spec?)"],
  [`${V3}spec: []`, "spec: expected an object"],
  [`${V3}metadata: x`, "metadata: expected an object"],
  [`${V3}spec:\n  k8sApiEndpoint: x`, "spec.k8sApiEndpoint: unknown key (did you mean k8sAPIEndpoint?)"],
  [`${V3}spec:\n  kubecnfig: x`, "spec.kubecnfig: unknown key (did you mean kubeconfig?)"],
  [`${V3}spec:\n  constructor: x`, "spec.constructor: unknown key"],
  [`${V3}spec:\n  kubeconfig: 1`, "spec.kubeconfig: expected text"],
  [`${V3}spec:\n  k8sInsecureSkipTLSVerify: "yes"`, "spec.k8sInsecureSkipTLSVerify: expected true or false"],
  [`${V3}spec:\n  k8sClientQPS: many`, "spec.k8sClientQPS: expected a number"],
  [
    `${V3}spec:\n  k8sToken: a\n  k8sAPIToken: b`,
    "spec.k8sToken and spec.k8sAPIToken are the same setting with two values: remove one",
  ],
  [`${V3}kind: CalicoAPIConfig`, "Map keys must be unique at line 3, column 1"],
  [
    "a: [",
    "Flow sequence in block collection must be sufficiently indented and end with a ] at line 1, column 5",
  ],
])("%j is refused", (text, message) => {
  expect(() => readConfigFile(text, PATH)).toThrow(
    expect.objectContaining({ name: "CtlError", message: `syntax error in ${PATH}: ${message}` }) as Error,
  );
});

test("all mistakes are named at once", () => {
  const text = `${V3}spec:\n  kubecnfig: x\n  k8sToken: 1\n`;
  expect(() => readConfigFile(text, PATH)).toThrow(
    expect.objectContaining({
      message:
        `syntax error in ${PATH}: spec.kubecnfig: unknown key (did you mean kubeconfig?)\n` +
        `syntax error in ${PATH}: spec.k8sToken: expected text`,
    }) as Error,
  );
});
