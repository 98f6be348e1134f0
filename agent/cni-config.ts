import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import type { Condition } from "../adapters/datastore.ts";
import {
  HOST_ROOT,
  isDirectory,
  KUBECONFIG_NAME,
  netDirectories,
  PLUGIN_NAMES,
} from "../handshake/cni-files.ts";
import { type NetworkConfig, readNetworkConfig } from "../handshake/network-config.ts";
import { cniKubeconfig, readAccountFile, SERVICE_ACCOUNT_DIRECTORY } from "./cni-kubeconfig.ts";
import { fillTemplate, TemplateError } from "./cni-template.ts";
import type { Config, Environment } from "./config.ts";
import { missingPrograms } from "./plugin-programs.ts";
import { replaceFile } from "./replace-file.ts";

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
>;

export interface CniConfigPlaces {
  /** Where the container has the host's files. */
  readonly hostRoot?: string;
  readonly accountDirectory?: string;
}

/** What one look at the host's directory of CNI configurations came to. */
export interface CniConfigLook {
  /** Why the node is not ready, and what else people should know. */
  readonly conditions: readonly Condition[];
  /** Files that were written: missing before, or other than they must be. */
  readonly written: readonly string[];
  readonly removed: readonly string[];
}

/** What runtimes read, by the ending of the name. */
const KINDS: ReadonlyMap<string, NetworkConfig["kind"]> = new Map([
  [".conflist", "list"],
  [".conf", "single"],
  [".json", "single"],
]);

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

function templateOf({ cniNetworkConfig, cniNetworkConfigFile: file }: CniConfigSettings): string | undefined {
  if (file === undefined) return cniNetworkConfig;
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new TemplateError(`CNI_NETWORK_CONFIG_FILE names ${file}, which cannot be read (${codeOf(error)})`);
  }
}

function demandKind(name: string, { kind }: NetworkConfig): void {
  const wanted = KINDS.get(extname(name));
  if (wanted === undefined) {
    throw new TemplateError(
      `no runtime reads a file of the name ${name} (CNI_CONF_NAME); give it the ending .conflist, or .conf for a single plugin`,
    );
  }
  if (wanted === kind) return;
  throw new TemplateError(
    wanted === "list"
      ? `the template is a single plugin, and ${name} (CNI_CONF_NAME) is the name of a list; set CNI_CONF_NAME to a name ` +
          `that ends in .conf, or give the template \`plugins\``
      : `the template is a list of plugins, and ${name} (CNI_CONF_NAME) is the name of a single one; set CNI_CONF_NAME to ` +
          `a name that ends in .conflist`,
  );
}

/** The types of its plugins. Throws TemplateError where runtimes could not use it, or it would not call our plugin. */
function demandUsable(name: string, text: string): readonly string[] {
  const read = readNetworkConfig(text);
  if (!read.ok) throw new TemplateError(`with its placeholders filled, ${read.found}`);
  demandKind(name, read.config);
  const { plugins } = read.config;
  if (plugins.some((type) => PLUGIN_NAMES.includes(type))) return plugins;
  throw new TemplateError(
    `it calls ${plugins.join(", ")}, and no plugin \`${PLUGIN_NAMES.join("` or `")}\`, so pods would get no policy`,
  );
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Configurations that a runtime takes before ours: it reads one only, the first by name. */
function earlier(directory: string, own: string): string[] {
  return readdirSync(directory)
    .filter((name) => KINDS.has(extname(name)) && name < own)
    .toSorted();
}

function failure(text: string): Condition {
  return { kind: "failure", text };
}

interface Wanted {
  readonly directory: string;
  /** The types of the configuration's plugins. */
  readonly plugins: readonly string[];
  /** Names and texts in the order in which they are written: the configuration last. */
  readonly files: ReadonlyMap<string, string>;
}

/** Throws TemplateError. */
function wantedFiles(
  settings: CniConfigSettings,
  template: string,
  environment: Environment,
  { hostRoot = HOST_ROOT, accountDirectory = SERVICE_ACCOUNT_DIRECTORY }: CniConfigPlaces,
): Wanted {
  const { cniConfigName, cniNetDirectory, nodeName, datastoreType, cniMtu } = settings;
  if (!settings.manageCni) {
    throw new TemplateError(
      "CALICO_MANAGE_CNI is false, which says that another plugin wires the pods; set it to true, or give no template " +
        "(CNI_NETWORK_CONFIG, CNI_NETWORK_CONFIG_FILE)",
    );
  }
  const { text, needsKubeconfig } = fillTemplate(template, {
    nodeName,
    datastoreType,
    mtu: cniMtu,
    kubeconfigName: KUBECONFIG_NAME,
    kubeconfigPath: join(cniNetDirectory, KUBECONFIG_NAME),
    environment,
    token: () => readAccountFile(accountDirectory, "token"),
  });
  const plugins = demandUsable(cniConfigName, text);
  const files = new Map<string, string>();
  if (needsKubeconfig) files.set(KUBECONFIG_NAME, cniKubeconfig(environment, accountDirectory));
  files.set(cniConfigName, text);
  const directory = netDirectories(cniNetDirectory, hostRoot).find(isDirectory) ?? cniNetDirectory;
  return { directory, plugins, files };
}

/**
 * Puts the configuration by which the runtime calls our plugin where the host looks for it. For when the first ruleset is
 * in the kernel, and whenever somebody may have changed it: a file that is as it must be is not touched.
 */
export function writeCniConfig(
  settings: CniConfigSettings,
  environment: Environment,
  places: CniConfigPlaces = {},
): CniConfigLook {
  const { cniConfigName, cniOldConfigName } = settings;
  const written: string[] = [];
  const removed: string[] = [];
  const look = (...conditions: readonly Condition[]): CniConfigLook => ({ conditions, written, removed });
  let wanted: Wanted;
  try {
    const template = templateOf(settings);
    if (template === undefined) return look();
    wanted = wantedFiles(settings, template, environment, places);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return look(failure(`the CNI configuration ${cniConfigName} is not written: ${error.message}`));
  }
  const { directory, plugins, files } = wanted;
  try {
    mkdirSync(directory, { recursive: true });
    for (const [name, text] of files) {
      const path = join(directory, name);
      if (readIfThere(path) === text) continue;
      replaceFile(path, text);
      written.push(path);
    }
    if (cniOldConfigName !== undefined && !files.has(cniOldConfigName)) {
      const old = join(directory, cniOldConfigName);
      if (statSync(old, { throwIfNoEntry: false }) !== undefined) {
        rmSync(old);
        removed.push(old);
      }
    }
    const before = earlier(directory, cniConfigName);
    const { hostRoot } = places;
    const notices = missingPrograms(plugins, {
      netDirectory: directory,
      environment,
      ...(hostRoot !== undefined && { hostRoot }),
    });
    if (before.length === 0) return look(...notices);
    return look(
      ...notices,
      failure(
        `in ${directory}, ${before.join(", ")} comes before ${cniConfigName}: runtimes take the first one only, so other ` +
          `plugins wire new pods; remove it, or set CNI_CONF_NAME to an earlier name`,
      ),
    );
  } catch (error) {
    return look(
      failure(
        `the CNI configuration ${join(directory, cniConfigName)} cannot be written (${codeOf(error)}); let the agent write ` +
          `to the host's directory, or name another one with CNI_NET_DIR`,
      ),
    );
  }
}
