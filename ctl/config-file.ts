import * as v from "valibot";
import { parseDocument } from "yaml";
import { isObject } from "../adapters/objects/schema.ts";
import { nearNames } from "../model/near-names.ts";
import { CtlError } from "./ctl-error.ts";

/** Every key of `spec`, with the environment variable of the same meaning where there is one. */
const KEYS: ReadonlyMap<
  string,
  { readonly variable?: string; readonly type: "text" | "boolean" | "number" }
> = new Map([
  ["datastoreType", { variable: "DATASTORE_TYPE", type: "text" }],
  ["kubeconfig", { variable: "KUBECONFIG", type: "text" }],
  ["kubeconfigInline", { type: "text" }],
  ["k8sAPIEndpoint", { variable: "K8S_API_ENDPOINT", type: "text" }],
  ["k8sCertFile", { variable: "K8S_CERT_FILE", type: "text" }],
  ["k8sKeyFile", { variable: "K8S_KEY_FILE", type: "text" }],
  ["k8sCAFile", { variable: "K8S_CA_FILE", type: "text" }],
  ["k8sToken", { variable: "K8S_TOKEN", type: "text" }],
  ["k8sAPIToken", { variable: "K8S_API_TOKEN", type: "text" }],
  ["k8sInsecureSkipTLSVerify", { variable: "K8S_INSECURE_SKIP_TLS_VERIFY", type: "boolean" }],
  ["k8sCurrentContext", { variable: "K8S_CURRENT_CONTEXT", type: "text" }],
  // They change nothing for us.
  ["k8sDisableNodePoll", { type: "boolean" }],
  ["k8sClientQPS", { type: "number" }],
  ["k8sClientBurst", { type: "number" }],
  ["usePodCIDR", { type: "boolean" }],
  ["calicoAPIGroup", { type: "text" }],
  ["alphaFeatures", { type: "text" }],
  // Of other datastores.
  ["etcdScheme", { type: "text" }],
  ["etcdAuthority", { type: "text" }],
  ["etcdEndpoints", { variable: "ETCD_ENDPOINTS", type: "text" }],
  ["etcdDiscoverySrv", { variable: "ETCD_DISCOVERY_SRV", type: "text" }],
  ["etcdUsername", { type: "text" }],
  ["etcdPassword", { type: "text" }],
  ["etcdKeyFile", { type: "text" }],
  ["etcdCertFile", { type: "text" }],
  ["etcdCACertFile", { type: "text" }],
  ["etcdKey", { type: "text" }],
  ["etcdCert", { type: "text" }],
  ["etcdCACert", { type: "text" }],
]);

/** The kind of the file by its API: of 2016, and today's. */
const KINDS: Readonly<Record<string, string>> = {
  v1: "calicoApiConfig",
  "projectcalico.org/v3": "CalicoAPIConfig",
};

/** What the file says, by the names of the environment variables; `kubeconfigInline` has none. */
export interface ConfigFile {
  readonly variables: ReadonlyMap<string, string>;
  readonly kubeconfigInline: string | undefined;
}

const SCALARS = {
  text: v.string("expected text"),
  boolean: v.boolean("expected true or false"),
  number: v.number("expected a number"),
};

/** An unknown key with what may have been meant. */
function unknownKey(path: string, key: string, known: Iterable<string>): string {
  const names = [...known];
  const alike = names.find((name) => name.toLowerCase() === key.toLowerCase());
  const meant = alike ?? nearNames(key, names, 1)[0];
  return `${path}${key}: unknown key${meant === undefined ? "" : ` (did you mean ${meant}?)`}`;
}

function readSpec(spec: Readonly<Record<string, unknown>>, errors: string[]): Map<string, string> {
  const values = new Map<string, string>();
  for (const [key, value] of Object.entries(spec)) {
    const known = KEYS.get(key);
    if (known === undefined) {
      errors.push(unknownKey("spec.", key, KEYS.keys()));
    } else if (value !== null) {
      const read = v.safeParse(SCALARS[known.type], value);
      if (read.success) values.set(key, String(read.output).trim());
      else errors.push(`spec.${key}: ${read.issues[0].message}`);
    }
  }
  const [token, apiToken] = [values.get("k8sToken"), values.get("k8sAPIToken")];
  if (token !== undefined && apiToken !== undefined && token !== apiToken) {
    errors.push("spec.k8sToken and spec.k8sAPIToken are the same setting with two values: remove one");
  }
  return values;
}

function readTop(top: Readonly<Record<string, unknown>>, errors: string[]): Map<string, string> {
  const { apiVersion, kind, metadata, spec } = top;
  const known = ["apiVersion", "kind", "metadata", "spec"];
  for (const key of Object.keys(top)) if (!known.includes(key)) errors.push(unknownKey("", key, known));
  const apis = Object.entries(KINDS);
  const wanted = apis.find(([api]) => api === apiVersion)?.[1];
  if (wanted === undefined) {
    const names = apis.map(([api, name]) => `${api} (kind ${name})`).join(" or ");
    errors.push(`apiVersion: found ${JSON.stringify(apiVersion) ?? "nothing"}, expected ${names}`);
  } else if (kind !== wanted) {
    errors.push(`kind: found ${JSON.stringify(kind) ?? "nothing"}, expected ${wanted}`);
  }
  if ((metadata ?? undefined) !== undefined && !isObject(metadata))
    errors.push("metadata: expected an object");
  if ((spec ?? undefined) === undefined) return new Map();
  if (isObject(spec)) return readSpec(spec, errors);
  errors.push("spec: expected an object");
  return new Map();
}

/**
 * Reads the text of a calicoctl.cfg, YAML or JSON. `path` is for messages.
 *
 * @throws CtlError with a line for each mistake.
 */
export function readConfigFile(text: string, path: string): ConfigFile {
  const document = parseDocument(text, { prettyErrors: true });
  const errors = document.errors.map(
    ({ message }) => message.split("\n", 1)[0]?.replace(/:$/, "") ?? message,
  );
  let values = new Map<string, string>();
  if (errors.length === 0) {
    const top: unknown = document.toJS();
    if (isObject(top)) values = readTop(top, errors);
    else errors.push("expected an object with apiVersion, kind and spec");
  }
  if (errors.length > 0)
    throw new CtlError(errors.map((error) => `syntax error in ${path}: ${error}`).join("\n"));
  const variables = new Map<string, string>();
  for (const [key, value] of values) {
    const variable = KEYS.get(key)?.variable;
    if (variable !== undefined) variables.set(variable, value);
  }
  return { variables, kubeconfigInline: values.get("kubeconfigInline") || undefined };
}
