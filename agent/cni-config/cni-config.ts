import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Condition } from "../../adapters/datastore.ts";
import { KUBECONFIG_NAME, PLUGIN_NAMES } from "../../handshake/cni-files.ts";
import { isInPod } from "../../handshake/in-pod.ts";
import { readNetworkConfig } from "../../handshake/network-config.ts";
import { noteOf, readWrittenConfigs, WRITTEN_NAME } from "../../handshake/written-configs.ts";
import type { Environment } from "../../model/environment.ts";
import { errorCode } from "../../model/error-code.ts";
import { TemplateError } from "./cni-template.ts";
import { missingPrograms } from "./plugin-programs.ts";
import { replaceFile } from "../replace-file.ts";
import {
  type CniConfigPlaces,
  type CniConfigSettings,
  isReadByRuntimes,
  type WantedCniConfig,
  wantedCniConfig,
} from "./wanted-cni-config.ts";

/** What one look at the host's directory of CNI configurations came to. */
export interface CniConfigLook {
  /** Why the node is not ready, and what else people should know. */
  readonly conditions: readonly Condition[];
  /** Files that were written: missing before, or other than they must be. */
  readonly written: readonly string[];
  readonly removed: readonly string[];
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function replaceUnlessEqual(path: string, text: string): boolean {
  if (readIfThere(path) === text) return false;
  replaceFile(path, text);
  return true;
}

/** Before the configuration itself: whatever ends this process, it is known whose the file is. */
function noteConfig({ directory, name, text }: WantedCniConfig): void {
  const before = [...readWrittenConfigs(directory)].filter(([one]) => existsSync(join(directory, one)));
  replaceUnlessEqual(join(directory, WRITTEN_NAME), noteOf(new Map(before), name, text));
}

function failure(text: string): Condition {
  return { kind: "failure", text };
}

function callsUs(path: string): boolean {
  const read = readNetworkConfig(readIfThere(path) ?? "");
  return read.ok && read.config.plugins.some((type) => PLUGIN_NAMES.includes(type));
}

/** Configurations that a runtime takes before ours: it reads one only, the first by name. */
function precedence({ directory, name: own }: WantedCniConfig): Condition[] {
  const before = readdirSync(directory)
    .filter((name) => isReadByRuntimes(name) && name < own)
    .toSorted();
  const former = before.filter((name) => callsUs(join(directory, name)));
  const others = before.filter((name) => !former.includes(name));
  return [
    ...(others.length === 0
      ? []
      : [
          failure(
            `in ${directory}, ${others.join(", ")} comes before ${own}: runtimes take the first one only, so other ` +
              `plugins wire new pods; remove it, or set CNI_CONF_NAME to an earlier name`,
          ),
        ]),
    ...former.map((name) =>
      failure(
        `in ${directory}, ${name} comes before ${own}, and runtimes take the first one only: an older configuration of ` +
          `this plugin; set CNI_OLD_CONF_NAME=${name}, or remove it`,
      ),
    ),
  ];
}

/** Undefined: there is none to remove. */
function removeOld({ directory, name }: WantedCniConfig, oldName: string | undefined): string | undefined {
  if (oldName === undefined || oldName === name || oldName === KUBECONFIG_NAME) return undefined;
  const old = join(directory, oldName);
  if (statSync(old, { throwIfNoEntry: false }) === undefined) return undefined;
  rmSync(old);
  return old;
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
  const written: string[] = [];
  const removed: string[] = [];
  const look = (...conditions: readonly Condition[]): CniConfigLook => ({ conditions, written, removed });
  let wanted: WantedCniConfig | undefined;
  try {
    wanted = wantedCniConfig(settings, environment, places);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    const name = settings.cniConfigName === undefined ? "" : ` ${settings.cniConfigName}`;
    return look(failure(`the CNI configuration${name} is not written: ${error.message}`));
  }
  if (wanted === undefined) return look();
  const { directory, name, text, plugins, kubeconfig } = wanted;
  const path = join(directory, name);
  try {
    if (!isInPod(environment)) mkdirSync(directory, { recursive: true });
    const account = join(directory, KUBECONFIG_NAME);
    if (kubeconfig !== undefined && replaceUnlessEqual(account, kubeconfig)) written.push(account);
    noteConfig(wanted);
    if (replaceUnlessEqual(path, text)) written.push(path);
    const old = removeOld(wanted, settings.cniOldConfigName);
    if (old !== undefined) removed.push(old);
    const { hostRoot } = places;
    const seen = { netDirectory: directory, environment, ...(hostRoot !== undefined && { hostRoot }) };
    return look(...missingPrograms(plugins, seen), ...precedence(wanted));
  } catch (error) {
    return look(
      failure(
        `the CNI configuration ${path} cannot be written (${errorCode(error) ?? String(error)}); let the agent write to the host's directory, ` +
          `or name another one with CNI_NET_DIR`,
      ),
    );
  }
}
