import { readFileSync } from "node:fs";
import { extname, join } from "node:path";
import {
  HOST_ROOT,
  isDirectory,
  KUBECONFIG_NAME,
  NET_DIRECTORY,
  netDirectories,
  PLUGIN_NAMES,
} from "../../handshake/cni-files.ts";
import { isInPod } from "../../handshake/in-pod.ts";
import { type NetworkConfig, readNetworkConfig } from "../../handshake/network-config.ts";
import { readPluginConfiguration } from "../../handshake/plugin-configuration.ts";
import type { Environment } from "../../model/environment.ts";
import { errorCode } from "../../model/error-code.ts";
import { cniKubeconfig, readAccountFile, SERVICE_ACCOUNT_DIRECTORY } from "./cni-kubeconfig.ts";
import { fillTemplate, TemplateError } from "./cni-template.ts";
import type { Config } from "../settings/config.ts";

/** The settings that decide on it. */
export type CniConfigSettings = Pick<
  Config,
  | "cniConfigName"
  | "cniMtu"
  | "cniNetDirectory"
  | "cniNetworkConfig"
  | "cniNetworkConfigFile"
  | "cniOldConfigName"
  | "datastoreType"
  | "manageCni"
  | "nodeName"
  | "runDirectory"
>;

export interface CniConfigPlaces {
  /** Where the container has the host's files. */
  readonly hostRoot?: string;
  readonly accountDirectory?: string;
}

/** What the template comes to on this node. */
export interface WantedCniConfig {
  readonly directory: string;
  readonly name: string;
  readonly text: string;
  /** The types of the configuration's plugins. */
  readonly plugins: readonly string[];
  /** For plugins that read one; undefined: the template names none. */
  readonly kubeconfig: string | undefined;
}

/** What runtimes read, by the ending of the name. */
const KINDS: ReadonlyMap<string, NetworkConfig["kind"]> = new Map([
  [".conflist", "list"],
  [".conf", "single"],
  [".json", "single"],
]);

const NAMES: Readonly<Record<NetworkConfig["kind"], string>> = {
  list: "10-calico.conflist",
  single: "10-calico.conf",
};

export function isReadByRuntimes(name: string): boolean {
  return KINDS.has(extname(name));
}

function templateOf({ cniNetworkConfig, cniNetworkConfigFile: file }: CniConfigSettings): string | undefined {
  if (file === undefined) return cniNetworkConfig;
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new TemplateError(
      `CNI_NETWORK_CONFIG_FILE names ${file}, which cannot be read (${errorCode(error) ?? String(error)})`,
    );
  }
}

/** The name that fits; a given one must. Throws TemplateError. */
function nameFor(given: string | undefined, { kind }: NetworkConfig): string {
  if (given === undefined) return NAMES[kind];
  const wanted = KINDS.get(extname(given));
  if (wanted === undefined) {
    throw new TemplateError(
      `no runtime reads a file of the name ${given} (CNI_CONF_NAME); give it the ending .conflist, or .conf for a single plugin`,
    );
  }
  if (wanted === kind) return given;
  throw new TemplateError(
    wanted === "list"
      ? `the template is a single plugin, and ${given} (CNI_CONF_NAME) is the name of a list; set CNI_CONF_NAME to a name ` +
          `that ends in .conf, or give the template \`plugins\``
      : `the template is a list of plugins, and ${given} (CNI_CONF_NAME) is the name of a single one; set CNI_CONF_NAME to ` +
          `a name that ends in .conflist`,
  );
}

/** Throws TemplateError where our plugin would refuse each pod, or never meet this agent. */
function demandAccepted({ plugins, given }: NetworkConfig, runDirectory: string): void {
  const ours = given.filter((_, index) => PLUGIN_NAMES.includes(plugins[index] ?? ""));
  if (ours.length === 0) {
    throw new TemplateError(
      `it calls ${plugins.join(", ")}, and no plugin \`${PLUGIN_NAMES.join("` or `")}\`, so pods would get no policy`,
    );
  }
  for (const one of ours) {
    const read = readPluginConfiguration(one);
    if (!read.ok) throw new TemplateError(`the plugin would refuse it: ${read.found}; ${read.next}`);
    const met = join(read.configuration.runDirectory, ".");
    if (met === join(runDirectory, ".")) continue;
    throw new TemplateError(
      `its plugin would look for the agent in ${met} (run_dir), and the agent is in ${runDirectory} (TORTIE_RUNDIRECTORY); ` +
        "give both the same directory",
    );
  }
}

/** Throws TemplateError. */
function hostDirectory(
  { cniNetDirectory }: CniConfigSettings,
  environment: Environment,
  hostRoot: string,
): string {
  const found = netDirectories(cniNetDirectory, hostRoot).find(isDirectory);
  if (found !== undefined) return found;
  // One that is made in a container is nothing that the host sees.
  if (!isInPod(environment)) return cniNetDirectory;
  throw new TemplateError(
    `the host's ${cniNetDirectory} (CNI_NET_DIR) is not mounted; mount it at ${join(hostRoot, NET_DIRECTORY)}`,
  );
}

/** Undefined: there is no template. Throws TemplateError. */
export function wantedCniConfig(
  settings: CniConfigSettings,
  environment: Environment,
  { hostRoot = HOST_ROOT, accountDirectory = SERVICE_ACCOUNT_DIRECTORY }: CniConfigPlaces,
): WantedCniConfig | undefined {
  const template = templateOf(settings);
  if (template === undefined) return undefined;
  if (!settings.manageCni) {
    throw new TemplateError(
      "CALICO_MANAGE_CNI is false, which says that another plugin wires the pods; set it to true, or give no template " +
        "(CNI_NETWORK_CONFIG, CNI_NETWORK_CONFIG_FILE)",
    );
  }
  const { text, needsKubeconfig } = fillTemplate(template, {
    nodeName: settings.nodeName,
    datastoreType: settings.datastoreType,
    mtu: settings.cniMtu,
    kubeconfigName: KUBECONFIG_NAME,
    kubeconfigPath: join(settings.cniNetDirectory, KUBECONFIG_NAME),
    environment,
    token: () => readAccountFile(accountDirectory, "token"),
  });
  const read = readNetworkConfig(text);
  if (!read.ok) throw new TemplateError(`with its placeholders filled, ${read.found}`);
  const name = nameFor(settings.cniConfigName, read.config);
  demandAccepted(read.config, settings.runDirectory);
  const kubeconfig = needsKubeconfig ? cniKubeconfig(environment, accountDirectory) : undefined;
  const directory = hostDirectory(settings, environment, hostRoot);
  return { directory, name, text, plugins: read.config.plugins, kubeconfig };
}
