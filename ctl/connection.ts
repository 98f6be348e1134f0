import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type ConnectionOptions,
  connectionOptionsFrom,
} from "../adapters/kubernetes/connection/connection-options.ts";
import { fileFailure } from "../adapters/kubernetes/connection/connection-error.ts";
import type { Environment } from "../model/environment.ts";
import { errorCode } from "../model/error-code.ts";
import { type ConfigFile, readConfigFile } from "./config-file.ts";
import { CtlError } from "./ctl-error.ts";

const DEFAULT_CONFIG_PATH = "/etc/calico/calicoctl.cfg";

export interface ConnectionSource {
  /** What -c says. */
  readonly configPath: string | undefined;
  /** What --context says. */
  readonly context: string | undefined;
  readonly environment: Environment;
  /** Where a file is looked for without -c. */
  readonly defaultPath?: string;
}

/** The file that counts: the one of -c must exist. */
function readFile({
  configPath,
  defaultPath = DEFAULT_CONFIG_PATH,
}: ConnectionSource): ConfigFile | undefined {
  const path = configPath ?? defaultPath;
  try {
    return readConfigFile(readFileSync(path, "utf8"), path);
  } catch (error) {
    if (error instanceof CtlError) throw error;
    const missing = errorCode(error) === "ENOENT";
    if (missing && path === defaultPath) return undefined;
    throw new CtlError(`the configuration file ${path} cannot be read: ${fileFailure(error)}`);
  }
}

function checkDatastore(get: (name: string) => string | undefined, from: string): void {
  const given = (get("CALICO_DATASTORE_TYPE") || get("DATASTORE_TYPE") || "").toLowerCase();
  const etcd = ["ETCD_ENDPOINTS", "ETCD_DISCOVERY_SRV"].find(
    (name) => (get(name) || get(`CALICO_${name}`) || "") !== "",
  );
  if (given === "kubernetes" || (given === "" && etcd === undefined)) return;
  if (given === "") {
    throw new CtlError(
      `${from} sets etcd's endpoints, and etcd comes in a later version; ` +
        "to read Kubernetes, set the datastore type to kubernetes",
    );
  }
  if (/^etcdv[23]$/.test(given)) {
    throw new CtlError(
      `${from} sets the datastore type ${given}, which comes in a later version; this one has kubernetes`,
    );
  }
  throw new CtlError(`${from} sets the datastore type "${given}"; it is kubernetes`);
}

/**
 * How to reach the API server: as the configuration file says, and only where there is none as the environment says;
 * then `~/.kube/config` where that exists, then the service account of a pod.
 *
 * @throws CtlError or ConnectionOptionsError for what cannot be understood.
 */
export function connectionOptions(source: ConnectionSource): ConnectionOptions {
  const { environment, context, configPath, defaultPath = DEFAULT_CONFIG_PATH } = source;
  const file = readFile(source);
  const get = (name: string): string | undefined =>
    file === undefined ? environment[name]?.trim() : file.variables.get(name);
  checkDatastore(get, file === undefined ? "the environment" : (configPath ?? defaultPath));
  const inline = file?.kubeconfigInline;
  // Inline text wins over a path, and --context over both.
  const { kubeconfig, ...rest } = connectionOptionsFrom(get);
  const options: ConnectionOptions = { ...rest, ...(context !== undefined && { context }) };
  if (inline !== undefined) return { ...options, kubeconfigInline: inline };
  if (kubeconfig !== undefined) return { ...options, kubeconfig };
  const home = environment["HOME"] ?? "";
  const usual = join(home, ".kube", "config");
  if (options.endpoint !== undefined || home === "" || !existsSync(usual)) return options;
  return { ...options, kubeconfig: usual };
}
