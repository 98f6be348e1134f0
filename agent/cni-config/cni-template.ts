import type { Environment } from "../../model/environment.ts";

/** What the names between two underscores stand for, as Calico's installer and its images have them. */
export interface TemplateValues {
  readonly nodeName: string;
  readonly datastoreType: string;
  /** Bytes; 0: the plugin asks the agent. */
  readonly mtu: number;
  readonly kubeconfigName: string;
  /** As the host knows it. */
  readonly kubeconfigPath: string;
  readonly environment: Environment;
  /** The service account's token. Throws TemplateError where there is none. */
  readonly token: () => string;
}

export interface FilledTemplate {
  readonly text: string;
  /** Whether the configuration leads to a kubeconfig. */
  readonly needsKubeconfig: boolean;
}

/** A template that cannot be filled; the message says what was found and what to do. */
export class TemplateError extends Error {
  override readonly name = "TemplateError";
}

type Value = (values: TemplateValues) => string;

/** Calico's default where the variable is not set. */
function variable(name: string, fallback: string): Value {
  return ({ environment }) => environment[name] ?? fallback;
}

function ofPod(name: string): Value {
  return ({ environment }) => {
    const value = environment[name];
    if (value !== undefined && value !== "") return value;
    throw new TemplateError(
      `__${name}__ stands in it, and ${name} is not set, as it is in every pod; ` +
        `set it, or take it out of the template: the plugin talks to the agent only`,
    );
  };
}

/** An IPv6 address in brackets, as it must stand before a port. */
export function hostBeforePort(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}

const VALUES: ReadonlyMap<string, Value> = new Map<string, Value>([
  ["KUBERNETES_NODE_NAME", ({ nodeName }) => nodeName],
  ["KUBERNETES_SERVICE_HOST", (values) => hostBeforePort(ofPod("KUBERNETES_SERVICE_HOST")(values))],
  ["KUBERNETES_SERVICE_PORT", ofPod("KUBERNETES_SERVICE_PORT")],
  ["SERVICEACCOUNT_TOKEN", ({ token }) => token()],
  ["KUBECONFIG_FILENAME", ({ kubeconfigName }) => kubeconfigName],
  ["KUBECONFIG_FILEPATH", ({ kubeconfigPath }) => kubeconfigPath],
  ["CNI_MTU", ({ mtu }) => String(mtu)],
  ["DATASTORE_TYPE", ({ datastoreType }) => datastoreType],
  ["LOG_LEVEL", variable("LOG_LEVEL", "info")],
  ["LOG_FILE_PATH", variable("LOG_FILE_PATH", "/var/log/calico/cni/cni.log")],
  ["LOG_FILE_MAX_SIZE", variable("LOG_FILE_MAX_SIZE", "100")],
  ["LOG_FILE_MAX_AGE", variable("LOG_FILE_MAX_AGE", "30")],
  ["LOG_FILE_MAX_COUNT", variable("LOG_FILE_MAX_COUNT", "10")],
  ["CALICO_API_GROUP", variable("CALICO_API_GROUP", "")],
  ["REQUIRE_MTU_FILE", variable("REQUIRE_MTU_FILE", "false")],
]);

const KUBECONFIG_NAMES: ReadonlySet<string> = new Set(["KUBECONFIG_FILENAME", "KUBECONFIG_FILEPATH"]);
const PLACEHOLDER = /__([A-Z][A-Z0-9_]*?)__/g;

/** The placeholders that templates may have, without their underscores. */
export const PLACEHOLDERS: readonly string[] = [...VALUES.keys()];

function valueOf(name: string, values: TemplateValues): string {
  const value = VALUES.get(name);
  if (value !== undefined) return value(values);
  throw new TemplateError(
    name.startsWith("ETCD_")
      ? `__${name}__ stands in it, and the plugin reads no etcd; take the field out of the template`
      : `nobody knows what __${name}__ in it stands for; known are ${PLACEHOLDERS.map((known) => `__${known}__`).join(", ")}`,
  );
}

/** As it stands between the quotes of a JSON string; numbers are themselves. */
function escaped(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}

/** Replaces each placeholder once; what stands in a value is not looked at again. Throws TemplateError. */
export function fillTemplate(template: string, values: TemplateValues): FilledTemplate {
  let needsKubeconfig = false;
  const text = template.replaceAll(PLACEHOLDER, (_, name: string) => {
    if (KUBECONFIG_NAMES.has(name)) needsKubeconfig = true;
    return escaped(valueOf(name, values));
  });
  return { text: text.endsWith("\n") ? text : `${text}\n`, needsKubeconfig };
}
